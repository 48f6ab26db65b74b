"""The memory limit that the environment sets, and the room of deleted rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from containment.common import warehouse
from containment.common.duckdb_words import DAMAGED_DATABASE
from containment.common.errors import UNUSABLE, Stop


@pytest.mark.parametrize(("limit", "used"), [("3 GiB", "3.0 GiB"), ("512mib", "512.0 MiB")])
def test_the_memory_limit_of_the_environment_is_used(
    limit: str, used: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(warehouse.MEMORY_LIMIT_VARIABLE, limit)
    with warehouse.opened(tmp_path / "containment.duckdb") as connection:
        setting = connection.execute("select current_setting('memory_limit')").fetchone()
    assert setting == (used,)


def test_a_wrong_memory_limit_is_told_and_damages_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warehouse.opened(tmp_path / "containment.duckdb") as connection:
        connection.execute("create table kept as select 1 as number")
    for wrong in ("lots", "8", "50%", "GB", "-1GB"):
        monkeypatch.setenv(warehouse.MEMORY_LIMIT_VARIABLE, wrong)
        with (
            pytest.raises(
                Stop, match=f"CONTAINMENT_MEMORY_LIMIT is '{wrong}'; write a size"
            ) as stop,
            warehouse.opened(tmp_path / "containment.duckdb"),
        ):
            pass
        assert stop.value.exit_code == UNUSABLE
    monkeypatch.setenv(warehouse.MEMORY_LIMIT_VARIABLE, "")
    with warehouse.opened(tmp_path / "containment.duckdb") as connection:
        assert connection.execute("from kept").fetchall() == [(1,)]


def parts(path: Path) -> int:
    """In how many pieces DuckDB keeps a table."""
    with warehouse.opened(path) as connection:
        found = connection.execute(
            "select count(distinct row_group_id) from pragma_storage_info('kept')"
        ).fetchone()
    assert found is not None
    return found[0]


def test_only_tidying_up_gives_back_the_room_of_deleted_rows(tmp_path: Path) -> None:
    path = tmp_path / "containment.duckdb"
    with warehouse.opened(path) as connection:
        connection.execute("create table kept as select range as number from range(10_000)")
    for night in range(3):  # each replaces other rows
        with warehouse.opened(path) as connection:
            connection.execute(f"delete from kept where number % 100 = {night}")
            connection.execute(
                "insert into kept select range from range(10_000) "
                f"where range % 100 = {night} order by all"
            )
    assert parts(path) == 4
    warehouse.tidy_up(path)
    assert parts(path) < 4
    with warehouse.opened(path) as connection:
        assert connection.execute("from kept order by all").fetchall() == [
            (number,) for number in range(10_000)
        ]
        assert connection.execute(
            "select count(*) from duckdb_schemas() where schema_name = 'tidied'"
        ).fetchall() == [(0,)]


def test_what_is_said_of_another_file_s_damage_costs_no_sound_warehouse(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "containment.duckdb"
    with warehouse.opened(path) as connection:
        connection.execute("create table kept as select range as number from range(100_000)")
    said = [f"lake.duckdb, schema x: cannot be opened ({DAMAGED_DATABASE})"]
    assert not warehouse.delete_if_damaged(path, said)
    assert path.exists()
    content = bytearray(path.read_bytes())
    content[300_000] ^= 1
    path.write_bytes(content)
    assert warehouse.delete_if_damaged(path, said)
    assert not path.exists()
    assert f"{path}: damaged (" in capfd.readouterr().err
