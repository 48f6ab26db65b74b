"""What is refused before it is published (raw tables that shrank, stale ones), and which rows the
data tests must judge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from containment.common.errors import DATA_FAILED, Stop
from containment.runs import judge
from containment.runs.run import CHANGED, FULL, PUBLISHED, Run
from containment.settings.raw_places import Folder, Schema

LOADED = datetime(2026, 1, 1, 12)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with the newest load of two sources, and no run before."""
    with duckdb.connect() as made:
        made.execute(
            f"""
            create schema raw;
            create schema intermediate;
            create table raw.night_runs
                (run_id text, outcome text, publication text, raw_path text, rows_by_table text);
            create table intermediate.int_kept_states as
                select source, epoch_us(known_at) as newest_known_us
                from (
                    values
                        ('files', timestamp '{LOADED}'), ('files', timestamp '2025-01-01'),
                        ('files', null), ('other', timestamp '{LOADED}'), ('never', null)
                ) as states (source, known_at);
            """
        )
        yield made


def published(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    rows: Mapping[str, int],
    raw_path: str = "/raw",
    outcome: str = "published",
) -> None:
    connection.execute(
        "insert into raw.night_runs values (?, ?, ?, ?, ?)",
        [f"r{number}", outcome, f"p{number}", raw_path, json.dumps(rows)],
    )


def check(
    connection: duckdb.DuckDBPyConnection,
    rows: Mapping[str, int],
    raw_path: str = "/raw",
    seen: str | None = None,
    now: datetime = LOADED,
    **changed: Any,
) -> None:
    run = Run("tonight", now, raw_path=raw_path, rows_by_table=json.dumps(rows))
    given = {
        "sources": ("files", "other"),
        "places": {"files": Folder(Path(raw_path))},
        "max_row_drop_share": 0.1,
        "max_raw_age_hours": {"files": 48},
        "stale_raw": "warn",
    }
    judge.check(connection, run, SimpleNamespace(**{**given, **changed}), now, seen)


def refusal(*arguments: Any, **named: Any) -> str:
    with pytest.raises(Stop) as stop:
        check(*arguments, **named)
    assert stop.value.exit_code == DATA_FAILED
    assert "\n" not in str(stop.value)
    return str(stop.value)


# --- rows that are missing -----------------------------------------------------------------------


def test_nothing_is_refused_on_the_first_night(connection: duckdb.DuckDBPyConnection) -> None:
    check(connection, {"files.messages": 0})


@pytest.mark.parametrize(
    ("share", "before", "least"),
    [(0.1, 1000, 900), (0.29, 100, 71), (0.07, 100, 93), (0, 10, 10), (0.5, 5, 3), (1, 9, 0)],
)
def test_a_table_may_lose_exactly_the_share_and_no_row_more(
    connection: duckdb.DuckDBPyConnection, share: float, before: int, least: int
) -> None:
    published(connection, 1, {"files.messages": before})
    check(connection, {"files.messages": least}, max_row_drop_share=share)
    if least:
        refusal(connection, {"files.messages": least - 1}, max_row_drop_share=share)


def test_the_line_names_tables_counts_and_the_way_out(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    published(
        connection, 1, {"files.events": 10, "files.messages": 12_000, "files.conversations": 9}
    )
    rows = {"files.events": 0, "files.messages": 1_000, "files.conversations": 9}
    assert refusal(connection, rows) == (
        "not published, rows are missing: files events has 0 rows, had 10; files messages has "
        "1,000 rows, had 12,000; load them, or allow it for one run: "
        "--vars '{max_row_drop_share: 1}'"
    )


def test_the_last_publication_counts_and_no_run_that_failed(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    published(connection, 1, {"files.messages": 1000})
    published(connection, 2, {"files.messages": 10})
    published(connection, 3, {"files.messages": 1000}, outcome="failed")
    check(connection, {"files.messages": 9})


def test_after_a_rollback_the_publication_that_readers_have_counts(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    published(connection, 1, {"files.messages": 10})
    published(connection, 2, {"files.messages": 1000})
    check(connection, {"files.messages": 10}, seen="p1")
    refusal(connection, {"files.messages": 10}, seen="p2")


def test_a_source_is_compared_with_the_last_publication_that_had_it(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    published(connection, 1, {"other.messages": 1000})
    published(connection, 2, {"files.messages": 10})
    check(connection, {"files.messages": 10})
    assert "other messages has 10 rows, had 1,000" in refusal(connection, {"other.messages": 10})


def test_files_of_another_folder_are_other_data(connection: duckdb.DuckDBPyConnection) -> None:
    published(connection, 1, {"files.messages": 500}, raw_path="/other")
    published(connection, 2, {"files.messages": 1000})
    check(connection, {"files.messages": 10}, raw_path="/new")
    assert "had 500" in refusal(connection, {"files.messages": 10}, raw_path="/other")
    published(connection, 3, {"other.messages": 500}, raw_path="/other")
    refusal(connection, {"other.messages": 10}, raw_path="/new")


def test_a_place_is_found_among_several(connection: duckdb.DuckDBPyConnection) -> None:
    published(connection, 1, {"files.messages": 500}, raw_path="files: /raw; other: /lake")
    assert "had 500" in refusal(connection, {"files.messages": 10}, raw_path="/raw")
    check(connection, {"files.messages": 10}, raw_path="/lake")


def test_places_are_told_with_their_sources_where_there_are_several() -> None:
    assert judge.raw_path({}) is None
    assert judge.raw_path({"files": Folder(Path("/raw"))}) == "/raw"
    places = {"files": Folder(Path("/raw")), "desk": Schema("lake"), "shop": Schema("s", "md:x")}
    assert judge.raw_path(places) == (
        "files: /raw; desk: the warehouse, schema lake; shop: md:x, schema s"
    )


# --- rows that are stale -------------------------------------------------------------------------


def test_rows_are_stale_after_the_hours_and_not_at_them(
    connection: duckdb.DuckDBPyConnection, capfd: pytest.CaptureFixture[str]
) -> None:
    check(connection, {}, now=LOADED + timedelta(hours=48))
    assert capfd.readouterr().err == ""
    check(connection, {}, now=LOADED + timedelta(hours=48, microseconds=1))
    assert capfd.readouterr().err == (
        "warning: files: the newest row was loaded at 2026-01-01 12:00 UTC, 48 hours ago "
        "(max_raw_age_hours: 48)\n"
    )


def test_stale_rows_can_be_refused(connection: duckdb.DuckDBPyConnection) -> None:
    later = LOADED + timedelta(days=30)
    assert refusal(connection, {}, now=later, stale_raw="refuse") == (
        "not published, stale: files: the newest row was loaded at 2026-01-01 12:00 UTC, 720 hours "
        "ago (max_raw_age_hours: 48); load them, or allow it for one run: "
        "--vars '{stale_raw: warn}'"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"max_raw_age_hours": {}},
        {"sources": ("other",)},
        {"max_raw_age_hours": {"unknown": 1}, "sources": ("unknown",)},
    ],
)
def test_only_named_sources_that_are_on_and_have_a_row_are_checked(
    connection: duckdb.DuckDBPyConnection, changed: dict[str, Any]
) -> None:
    check(connection, {}, now=LOADED + timedelta(days=30), **{"stale_raw": "refuse", **changed})


def test_only_the_nightly_reads_the_clock() -> None:
    words = ("now(", "current_timestamp", "current_date", "get_current_t", "today(")
    root = Path(__file__).resolve().parents[3]
    for folder in ("models", "macros", "tests", "analyses"):
        for path in (root / folder).rglob("*.sql"):
            text = path.read_text(encoding="utf-8").lower()
            assert not [word for word in words if word in text], path


# --- which rows the data tests judge -------------------------------------------------------------

TONIGHT = datetime(2026, 1, 8, 2)
A_WEEK = timedelta(days=7)


def checks(
    made: str | None = "so",
    before: timedelta = A_WEEK - timedelta(microseconds=1),
    outcome: str = PUBLISHED,
    checked: str | None = FULL,
    days: float = 7,
) -> str:
    """What is judged after one run, on a warehouse that passed the tests as it was `made`."""
    with duckdb.connect() as connection:
        connection.execute(
            "create schema raw; create table raw.night_runs "
            "(outcome text, checks text, started_at timestamp)"
        )
        connection.execute(
            "insert into raw.night_runs values (?, ?, ?), (?, ?, ?)",
            [outcome, checked, TONIGHT - before, PUBLISHED, CHANGED, TONIGHT],
        )
        if made is not None:
            judge.note_judged(connection, "other")
            judge.note_judged(connection, made)
        given: Any = SimpleNamespace(full_check_days=days)
        return judge.checks(connection, Run("tonight", TONIGHT), given, "so")


def test_what_changed_is_enough_where_all_was_judged_lately() -> None:
    assert checks() == CHANGED
    assert checks(before=timedelta(0), days=0.01) == CHANGED


@pytest.mark.parametrize(
    "told",
    [
        {"made": None},  # it passed no test since it was built
        {"made": "other"},  # by other code, or under other settings
        {"before": A_WEEK},
        {"before": -timedelta(days=1)},  # the clock was set back
        {"outcome": "failed"},
        {"checked": CHANGED},
        {"checked": None},  # an older version said nothing
        {"days": 0, "before": timedelta(0)},
    ],
    ids=str,
)
def test_all_is_judged_where_it_cannot_be_taken_for_granted(told: dict[str, Any]) -> None:
    assert checks(**told) == FULL


def test_what_a_build_is_made_by_changes_with_code_and_settings_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(**dbt_vars: Any) -> str:
        given: Any = SimpleNamespace(dbt_vars=lambda: dbt_vars)
        return judge.made_by(given, tmp_path)

    (tmp_path / "models").mkdir()
    file = tmp_path / "dbt_project.yml"
    file.write_text("a")
    first = made(sources=["a"], not_after="1")
    assert made(not_after="2", sources=["a"]) == first
    assert made(sources=["b"], not_after="1") != first
    model = tmp_path / "models" / "a.sql"
    model.write_text("select 1")
    second = made(sources=["a"])
    assert second != first
    monkeypatch.setattr(duckdb, "__version__", "0")
    assert made(sources=["a"]) != second
