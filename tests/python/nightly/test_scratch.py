"""The tables of one build are in memory as long as memory holds them, and else in a file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from containment.build import scratch
from containment.common.errors import Stop
from containment.common.places import Home
from containment.raw.views import RawData


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.warehouse_folder.mkdir()
    return home


@pytest.fixture
def raw() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create schema raw")
    connection.execute("create view raw.files_messages as select range from range(1000000)")
    connection.execute("create view raw.files_events as select range from range(1000000)")
    return connection


def source(view: str) -> RawData:
    return RawData({view: "select ..."}, "a source with one table")


@pytest.mark.parametrize(
    ("memory", "fits"),
    # Two million rows of 350 bytes are half of 1,400,000,000 bytes. DuckDB cuts a limit to tenths.
    [("1300MB", False), ("1.2GiB", False), ("1.6GiB", True), ("1700MB", True), ("2TB", True)],
)
def test_all_raw_rows_count(raw: duckdb.DuckDBPyConnection, memory: str, fits: bool) -> None:
    raw.execute(f"set memory_limit = '{memory}'")
    assert scratch.fits(raw, [source("files_messages"), source("files_events")]) is fits
    assert scratch.fits(raw, [])


def test_rows_that_cannot_be_counted(raw: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(Stop, match="raw tables: cannot be counted"):
        scratch.fits(raw, [source("files_ratings")])


def test_the_file_is_there_for_one_build(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(scratch.VARIABLE, raising=False)
    home.scratch.write_text("of a build that was killed")
    with scratch.placed(home, in_memory=False) as place:
        assert place == {scratch.VARIABLE: str(home.scratch)}
        assert not home.scratch.exists()
        home.scratch.write_text("of this build")
    assert not home.scratch.exists()


def test_in_memory_no_file_is_named_and_an_old_one_goes(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(scratch.VARIABLE, raising=False)
    home.scratch.write_text("of a build that was killed")
    with scratch.placed(home, in_memory=True) as place:
        assert place == {}
        assert not home.scratch.exists()


def test_the_user_s_own_file_stays(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.duckdb"
    own.write_text("the user's")
    monkeypatch.setenv(scratch.VARIABLE, str(own))
    with scratch.placed(home, in_memory=False) as place:
        assert place == {}
    assert own.exists()
