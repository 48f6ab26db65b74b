"""Findings in words: what warns, what refuses, and the way on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from containment.build import findings
from containment.build.findings import Finding
from containment.common.clock import utc_now
from containment.common.errors import DATA_FAILED, UNUSABLE, Stop
from containment.common.places import DATABASE, Home
from containment.publish import publish
from containment.runs import last_publication
from containment.runs.run import Run
from containment.settings.raw_places import Folder
from containment.settings.settings import Settings

BUILT = """
create schema marts; create schema intermediate; create schema raw;
create table marts.data_quality (source text, finding text, row_count bigint, base_count bigint,
    share double, "limit" double, action text, is_exceeded boolean);
create table marts.rejected_rows as
select 'files' as source, 'messages' as table_name, unnest(['a', 'b', 'b']) as reason;
create table marts.sessions as
select 'files' as source, unnest([date '1970-01-01', date '2026-01-01']) as started_date;
create table marts.dates as select date '2026-01-01' as calendar_date;
create table intermediate.int_mapped_events (
    source text, event_type text, boundary text, reject_reason text);
create table intermediate.int_kept_conversations (channel text);
create table raw.channel_policies as select unnest(['*', 'chat']) as channel;
"""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse without a finding."""
    with duckdb.connect() as made:
        made.execute(BUILT)
        yield made


def find(
    connection: duckdb.DuckDBPyConnection,
    finding: str,
    action: str = "warn",
    *,
    source: str = "files",
    counts: tuple[int, int] = (3, 4),
    share: float | None = None,
    is_exceeded: bool = True,
) -> None:
    share = counts[0] / counts[1] if share is None else share
    connection.execute(
        "insert into marts.data_quality values (?, ?, ?, ?, ?, 0.5, ?, ?)",
        [source, finding, *counts, share, action, is_exceeded],
    )


def refusal(found: list[Finding]) -> str:
    with pytest.raises(Stop) as stop:
        findings.refuse(found)
    assert stop.value.exit_code == DATA_FAILED
    return str(stop.value)


def test_what_is_noted_or_within_its_limit_is_not_told(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    find(connection, "unusable_messages", "refuse", is_exceeded=False)
    find(connection, "internal_notes", "note")
    assert findings.exceeded(connection) == []
    findings.refuse([])
    assert findings.summary([], []) is None


def test_a_refusal_names_finding_number_and_the_way_on(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    find(connection, "rejected_events")
    find(connection, "unusable_messages", "refuse")
    found = findings.exceeded(connection)
    assert [each.finding for each in found] == ["unusable_messages", "rejected_events"]
    assert refusal(found) == (
        "not published: files: 3 of 4 rows of messages cannot be used, 75 % (b 2, a 1); mend "
        "them, or set what reads them; rejected_rows has each (unusable_messages, limit 50 %); "
        "or accept it for one run: --accept unusable_messages"
    )


def test_several_refusals_are_one_line(connection: duckdb.DuckDBPyConnection) -> None:
    for source in ("files", "sample"):
        find(connection, "unusable_ratings", "refuse", source=source)
    find(connection, "dropped_events", "refuse", counts=(1200, 1300))
    assert refusal(findings.exceeded(connection)) == (
        "not published: dropped_events (files: 1,200 of 1,300), limit 50 %; unusable_ratings "
        "(files: 3 of 4), limit 50 %; unusable_ratings (sample: 3 of 4), limit 50 %; see the "
        "warnings above; or accept it for one run: --accept dropped_events --accept "
        "unusable_ratings"
    )


def test_what_was_accepted_is_in_the_run_log(connection: duckdb.DuckDBPyConnection) -> None:
    find(connection, "unusable_messages")  # data_quality has made a warning of it
    find(connection, "no_events", counts=(4, 4))
    found = findings.exceeded(connection)
    findings.refuse(found)
    assert findings.summary(found, ["unusable_messages"]) == (
        "accepted unusable_messages (files: 3 of 4); warned of no_events (files: 4 of 4)"
    )
    assert [each["finding"] for each in findings.as_json(found)] == [
        *("no_events", "unusable_messages")
    ]


@pytest.mark.parametrize("finding", [*findings.WORDS, "never_heard_of"])
def test_every_finding_is_a_sentence(connection: duckdb.DuckDBPyConnection, finding: str) -> None:
    find(connection, finding)
    [found] = findings.exceeded(connection)
    assert found.line.startswith("files: ")
    assert "; " in found.line and "{" not in found.line and "\n" not in found.line


def test_days_far_from_the_rest_are_named(connection: duckdb.DuckDBPyConnection) -> None:
    find(connection, "sessions_far_from_the_rest", counts=(1, 2))
    assert findings.exceeded(connection)[0].line.startswith(
        "files: 1 of 2 sessions lie at 1970-01-01 to 1970-01-01, far from the rest: counted, "
    )


def test_a_headline_that_moved_is_told_in_points(connection: duckdb.DuckDBPyConnection) -> None:
    find(connection, "headline_moved", source="*", counts=(150, 200), share=0.25)
    assert findings.exceeded(connection)[0].line == (
        "the containment rate of the days that were over at the last publication moved by 25.0 "
        "points, to 150 of 200, under the same rules; find out which rows changed"
    )


def test_what_is_not_mapped_is_printed_as_rows_to_paste(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    types = [
        *[("files", "my_type", None, None)] * 2,
        *[("files", "odd, one", None, None), ("files", "known", "none", None)],
        *[("files", "no use", None, "missing_id"), ("files", "\x1b[31m" + "x" * 200, None, None)],
    ]
    connection.executemany("insert into intermediate.int_mapped_events values (?, ?, ?, ?)", types)
    connection.execute(
        "insert into intermediate.int_kept_conversations values ('fax'), ('chat'), ('unknown')"
    )
    assert list(findings.rows_to_paste(connection, findings.exceeded(connection))) == []
    find(connection, "events_of_unmapped_type")
    find(connection, "conversations_of_channel_without_policy")
    lines = list(findings.rows_to_paste(connection, findings.exceeded(connection)))
    assert lines == [
        "rows for config/event_types.csv (none: ends nothing; else resolved or escalated); seen: "
        "my_type 2, \\x1b[31m" + "x" * 71 + "… 1, odd, one 1",
        "files,my_type,none",
        "files,\\x1b[31m" + "x" * 71 + "…,none",
        'files,"odd, one",none',
        "rows for config/channel_policies.csv (minutes of silence that end a session); seen: fax 1",
        "fax,60",
    ]


def test_raw_tables_that_are_gone_cost_the_rows_to_paste_alone(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    find(connection, "events_of_unmapped_type")
    connection.execute("drop table intermediate.int_mapped_events")
    assert list(findings.rows_to_paste(connection, findings.exceeded(connection))) == []


def test_only_a_finding_with_a_limit_can_be_accepted() -> None:
    known = {"unusable_messages", "no_events"}
    findings.check_accepted(["no_events"], known)
    with pytest.raises(Stop) as stop:
        findings.check_accepted(["unusable_message"], known)
    assert stop.value.exit_code == UNUSABLE
    assert str(stop.value) == (
        "--accept: no finding 'unusable_message'; did you mean 'unusable_messages'? "
        "(findings with a limit: seeds/quality_limits.csv)"
    )


# --- the last time -------------------------------------------------------------------------------

PUBLISHED = """
create schema marts;
create table marts.settings as select 'v' as rules_version, timestamp '2026-01-04 09:00' as as_of;
create table marts.dates as
select date '2026-01-01' + number::integer as calendar_date, number < 3 as is_complete
from range(4) as numbers (number);
create table marts.containment_daily as
from (
    values
        (date '2026-01-01', 3, 0, 1), (date '2026-01-01', 2, 0, 1), (date '2026-01-02', 5, 1, 1),
        (date '2026-01-03', 7, 0, 7), (date '2026-01-04', 9, 0, 9), (date '1970-01-01', 9, 0, 9)
) as daily (started_date, closed_sessions, open_sessions, contained_sessions);
"""
NIGHTS = """
create schema raw;
create table raw.night_runs as
from (
    values
        ('1', 'p1', '/raw', 'files', 'published', '{"files.messages": 9, "other.events": 8}'),
        ('2', 'p2', '/raw', 'files', 'published', '{"files.messages": 7}'),
        ('3', 'p3', '/raw', 'files', 'published', '{"files.messages": 5}'),
        ('4', null, '/raw', 'files', 'failed', '{"files.messages": 3}')
) as runs (run_id, publication, raw_path, sources, outcome, rows_used_by_table);
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home in which readers see the second of three publications."""
    made = Home(tmp_path)
    folder = publish.versions(made.published) / "p2"
    folder.mkdir(parents=True)
    (made.published / "current").symlink_to(Path("versions", "p2"))
    with duckdb.connect(str(folder / DATABASE)) as connection:
        connection.execute(PUBLISHED)
    return made


def last_time_of(home: Home, raw_path: str = "/raw", sources: str = "files") -> tuple[list, list]:
    given = Settings(
        sources=("files",),
        places={"files": Folder(Path(raw_path))},
        **{
            name: None
            for name in Settings.__dataclass_fields__
            if name not in ("sources", "places")
        },
    )
    run = Run("tonight", utc_now(), raw_path=raw_path, sources=sources)
    with duckdb.connect() as warehouse:
        warehouse.execute(NIGHTS)
        last_publication.copy_to(warehouse, home, run, given)
        return (
            warehouse.execute(f"from raw.{last_publication.USED_ROWS} order by all").fetchall(),
            warehouse.execute(
                "select strftime(started_date, '%d'), rules_version, closed_sessions, "
                f"contained_sessions from raw.{last_publication.DAYS} order by all"
            ).fetchall(),
        )


def test_the_publication_that_readers_have_is_the_last_time(home: Home) -> None:
    used, days = last_time_of(home)
    assert used == [("files", "messages", 7)]
    # 2 January had an open session, 4 January was not over.
    assert days == [("01", "v", 5, 2), ("03", "v", 7, 7)]


def test_another_place_has_no_last_time(home: Home) -> None:
    assert last_time_of(home, raw_path="/elsewhere") == ([], [])


def test_other_sources_have_no_days_of_the_last_time(home: Home) -> None:
    assert last_time_of(home, sources="files, sample") == ([("files", "messages", 7)], [])


def test_the_first_night_has_no_last_time(tmp_path: Path) -> None:
    assert last_time_of(Home(tmp_path)) == ([], [])


def test_a_publication_that_cannot_be_read_is_compared_with_nothing(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    (publish.versions(home.published) / "p2" / DATABASE).write_bytes(b"no database")
    used, days = last_time_of(home)
    assert (len(used), days) == (1, [])
    assert "the headline is compared with nothing" in capsys.readouterr().err
