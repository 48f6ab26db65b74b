"""The memory limit that the environment sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from containment import warehouse
from containment.errors import UNUSABLE, Stop


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
