"""Exports whose times or rows are implausible: what a night makes of them, and what it refuses."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path

import faults
import projects
import pytest

MESSAGES = "message_id,conversation_id,author_type,sent_at\n"
CONVERSATIONS = "conversation_id,channel\n"
EVENTS = "event_id,conversation_id,event_type,occurred_at\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with few tests, so that nights are short."""
    folder = tmp_path_factory.mktemp("lean") / "project"
    return faults.copy_lean_project(folder, allow_fewer=False)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


def write(raw: Path, conversations: list[str], messages: list[str], events: list[str]) -> None:
    for name, header, rows in (
        ("conversations", CONVERSATIONS, [f"{each},chat" for each in conversations]),
        ("messages", MESSAGES, messages),
        ("events", EVENTS, events),
    ):
        (raw / f"{name}.csv").write_text(header + "".join(f"{row}\n" for row in rows))


def night(
    root: Path, raw: Path, *arguments: str, home: Path | None = None
) -> subprocess.CompletedProcess[str]:
    home = home or raw.parent / "home"
    given = ("--source", "files", "--raw-path", str(raw), "--json", *arguments)
    return projects.nightly(home, *given, root=root)


def marts(raw: Path, query: str) -> list[dict]:
    return projects.rows(raw.parent / "home" / "published" / "containment.duckdb", query)


def report(raw: Path) -> str:
    return (raw.parent / "home" / "published" / "report.html").read_text(encoding="utf-8")


def headline(done: subprocess.CompletedProcess[str]) -> tuple[int, int, int]:
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["headline"]
    return found["contained_sessions"], found["closed_sessions"], found["open_sessions"]


def finding_names(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [each["finding"] for each in json.loads(done.stdout)["findings"]]


def a_day(
    raw: Path, escalated: int, contained: int, time: str = "2026-01-0{day} 10:{minute:02}:00Z"
) -> None:
    """So many conversations over three days, each of a customer's message and a bot's."""
    conversations, messages, events = [], [], []
    for number in range(escalated + contained):
        at = [time.format(day=number % 3 + 1, minute=minute) for minute in (0, 1, 2)]
        conversations.append(f"C{number}")
        messages += [f"a{number},C{number},customer,{at[0]}", f"b{number},C{number},bot,{at[1]}"]
        if number < escalated:
            events.append(f"e{number},C{number},escalated,{at[2]}")
    # Days are over once a later row is known.
    messages.append(f"z,C0,system,{time.format(day=9, minute=0)}")
    write(raw, conversations, messages, events)


def test_one_row_from_the_future_closes_no_session(root: Path, raw: Path) -> None:
    ten = range(1, 11)
    times = {number: f"2026-01-10T10:{number % 10:02}:00Z" for number in ten}
    messages = [f"a{each},C{each},customer,{times[each]}" for each in ten]
    messages += [f"b{each},C{each},bot,2026-01-10T10:{each % 10 + 10}:00Z" for each in ten]
    events = [f"e{each},C{each},escalated,2026-01-10T10:2{each}:00Z" for each in (1, 2)]
    write(
        raw,
        [f"C{each}" for each in ten],
        [*messages, "z1,C1,system,2099-12-31T00:00:00Z"],
        events,
    )
    done = night(root, raw)
    assert headline(done) == (0, 2, 8)
    assert "files: 1 of 33 rows name a time from the future" in done.stderr
    # The check for stale rows is not taken in by it.
    assert "warning: files: the newest row was loaded at 2026-01-10" in done.stderr
    assert marts(raw, "select row_id, reason from marts.rejected_rows") == [
        {"row_id": "z1", "reason": "time_in_future"}
    ]
    [run] = marts(raw, "select not_after, started_at, message from marts.run_log")
    assert run["not_after"] == run["started_at"]
    warned = ("rejected_messages (files: 1 of 21)", "rows_from_the_future (files: 1 of 33)")
    assert run["message"] == "warned of " + ", ".join(warned)
    assert "rows name a time from the future" in report(raw)

    # Were it no longer the future, it would be used, and back: as a build from nothing each time.
    later = night(root, raw, "--vars", "{not_after: 2100-01-01}")
    assert headline(later) == (8, 10, 0)
    assert headline(night(root, raw)) == (0, 2, 8)


def test_far_dates_are_counted_and_not_drawn(root: Path, raw: Path) -> None:
    messages = [
        *("a1,A,customer,1900-01-01 00:00:00", "a2,A,bot,1900-01-01 00:01:00"),
        *("b1,B,customer,2262-04-12 00:00:00", "b2,B,bot,2262-04-12 00:01:00"),
        *("c1,C,customer,9999-12-31 23:58:00", "c2,C,bot,9999-12-31 23:59:59"),
        *("d1,D,customer,2026-03-28T23:30:00Z", "d2,D,bot,2026-03-28T23:31:00Z"),
        *("d3,D,customer,2026-10-25T00:30:00Z", "d4,D,bot,2026-10-25T00:31:00Z"),
        *("d5,D,customer,2026-10-25T01:30:00Z", "d6,D,bot,2026-10-25T01:31:00Z"),
        *("d7,D,customer,2026-10-25T22:59:00Z", "d8,D,bot,2026-10-25T23:00:00Z"),
    ]
    write(raw, list("ABCD"), messages, [])
    set_to = "{reporting_timezone: Europe/Berlin, not_after: 2026-11-28}"
    done = night(root, raw, "--vars", set_to)
    assert headline(done) == (4, 4, 1)
    assert (
        "files: 1 of 5 sessions lie at 1900-01-01 to 1900-01-01, far from the rest" in done.stderr
    )
    [drawn] = marts(
        raw, "select count(*) as days, min(calendar_date) as first_date from marts.dates"
    )
    assert drawn == {"days": 212, "first_date": date(2026, 3, 29)}
    assert marts(raw, "select count(*) as days from marts.containment_daily") == [{"days": 3}]
    assert len(report(raw)) < 900_000
    assert "far from the rest: counted, not drawn" in report(raw)

    # Not checked, the years 2262 and 9999 count, and are drawn no more than 1900 is.
    done = night(root, raw, "--vars", "{not_after: 9999-12-31}")
    assert headline(done) == (6, 6, 1)
    assert "3 of 7 sessions lie at 1900-01-01 to 9999-12-31" in done.stderr
    assert marts(raw, "select count(*) < 1000 as is_small from marts.dates") == [{"is_small": True}]
    assert len(report(raw)) < 1_500_000


def test_a_row_of_1970_is_counted_and_named(root: Path, raw: Path) -> None:
    messages = [
        *("m0a,c0,customer,2026-11-27T08:00:00Z", "m0b,c0,bot,2026-11-27T08:00:00Z"),
        *("m1a,c1,customer,2026-11-27T09:00:00Z", "m1b,c1,bot,2026-11-27T09:00:00Z"),
        *("m2a,c2,customer,1970-01-01T00:00:00Z", "m2b,c2,bot,1970-01-01T00:00:00Z"),
    ]
    write(raw, ["c0", "c1", "c2"], messages, [])
    done = night(root, raw, "--vars", "{not_after: 2026-11-28}")
    assert headline(done) == (2, 2, 1)
    assert "files: 1 of 3 sessions lie at 1970-01-01 to 1970-01-01" in done.stderr
    assert marts(raw, "select count(*) as periods from marts.containment_trend") == [{"periods": 3}]
    assert len(report(raw)) < 900_000


def test_a_table_that_cannot_be_read_any_more_is_not_published(root: Path, raw: Path) -> None:
    a_day(raw, escalated=5, contained=5)
    assert headline(night(root, raw)) == (5, 10, 0)
    before = marts(raw, "from marts.sessions order by all")

    a_day(raw, escalated=5, contained=5, time="the {day}. at {minute:02} past ten")
    done = night(root, raw)
    assert done.returncode == 1
    refused = {"unusable_messages", "unusable_events", "dropped_messages", "dropped_events"}
    assert refused <= set(finding_names(done))
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: not published: dropped_events (files: 5 of 5), limit 20 %; ")
    assert last.endswith(
        "--accept dropped_events --accept dropped_messages --accept unusable_events "
        "--accept unusable_messages"
    )
    assert marts(raw, "from marts.sessions order by all") == before

    # It can be accepted, each finding by its name, for one run; and that is noted.
    accepted = [f"--accept={name}" for name in sorted(refused)]
    done = night(root, raw, *accepted)
    assert done.returncode == 0, done.stderr
    message = json.loads(done.stdout)["message"]
    assert message.startswith("accepted dropped_events (files: 5 of 5), dropped_messages (files: ")
    assert marts(raw, "select message from marts.run_log order by run_id")[-1]["message"] == message
    names = ", ".join(f"'{name}'" for name in refused)
    judged = f"select action, is_exceeded from marts.data_quality where finding in ({names})"
    assert marts(raw, judged) == [{"action": "warn", "is_exceeded": True}] * len(refused)
    assert "rows of messages cannot be used, 100 %" in report(raw)

    wrong = night(root, raw, "--accept", "unusable_message")
    assert wrong.returncode == 2
    assert "did you mean 'unusable_messages'?" in wrong.stderr


def test_a_headline_that_jumps_is_not_published(root: Path, raw: Path) -> None:
    a_day(raw, escalated=60, contained=60)
    assert headline(night(root, raw)) == (60, 120, 0)

    # The same rows, and the events name no conversation any more: nothing is lost but the meaning.
    events = (raw / "events.csv").read_text()
    (raw / "events.csv").write_text(events.replace(",C", ",C0"))
    done = night(root, raw)
    assert done.returncode == 1
    assert "headline_moved" in finding_names(done)
    assert "moved by 50.0 points, to 120 of 120, under the same rules" in done.stderr
    assert "all of 120 closed sessions are contained" in done.stderr

    # With other rules the headline may be another.
    rules = "{after_escalation: session}"
    assert "headline_moved" not in finding_names(night(root, raw, "--vars", rules))
    # The rows are back: the publication that readers have is the last time, not the failed night.
    (raw / "events.csv").write_text(events)
    again = night(root, raw, "--vars", rules)
    assert again.returncode == 1 and "headline_moved" in finding_names(again)
    assert headline(night(root, raw, "--accept", "headline_moved", "--vars", rules))[1] == 120


def test_messages_whose_conversations_are_missing_are_not_published(root: Path, raw: Path) -> None:
    a_day(raw, escalated=5, contained=5)
    (raw / "conversations.csv").write_text(CONVERSATIONS + "C0,chat\n")
    done = night(root, raw)
    assert done.returncode == 1
    assert "files: 18 of 21 messages, 85.7 %, are of conversations without a row" in done.stderr
    assert "--accept messages_without_conversation" in done.stderr


def test_an_unmapped_type_is_printed_as_the_row_to_paste(root: Path, raw: Path) -> None:
    a_day(raw, escalated=5, contained=5)
    events = (raw / "events.csv").read_text().replace("escalated", "handed_to_human")
    (raw / "events.csv").write_text(events)
    done = night(root, raw)
    assert headline(done) == (10, 10, 0)
    assert set(finding_names(done)) == {"events_of_unmapped_type", "no_escalations"}
    assert "files,handed_to_human,none\n" in done.stderr
