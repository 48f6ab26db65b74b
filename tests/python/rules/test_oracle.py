"""Two roads to one number: the whole dbt build against the rules written down in plain Python."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import comparison
import dbt_processes
import duckdb
import oracle
import projects
import pytest
from hypothesis import given
from hypothesis import strategies as st

from containment.raw import in_folder, views
from containment.settings.lookups import Lookups
from containment.settings.raw_reading import Reading
from containment.settings.source_yml import IDENTITIES

TIMEOUT_MINUTES = {"*": 60, "chat": 30, "sms": 1440}
BOUNDARIES = {
    ("*", "resolved"): "resolved",
    ("*", "escalated"): "escalated",
    ("*", "assigned"): "none",
    ("files", "assigned"): "escalated",
    ("files", "done"): "resolved",
    ("*", "agent_takeover"): "escalated",
    ("files", "agent_takeover"): "resolved",
}
# The word before `*`, the source before every source.
CLAIM_OUTCOMES = {
    ("*", "resolved"): True,
    ("*", "escalated"): False,
    ("files", "*"): True,
    ("files", "guessed"): False,
    ("sample", "escalated"): True,
}
# Of all, of a channel, of a source and of both, each with a boundary in the days of the rows.
PRICES = (
    oracle.Price("*", "*", date(2026, 3, 9), None, 4.0, 0.5, "EUR"),
    oracle.Price("*", "chat", date(2026, 3, 7), date(2026, 3, 8), 3.0, 0.25, "USD"),
    oracle.Price("*", "chat", date(2026, 3, 9), date(2026, 3, 9), 3.5, 0.75, "USD"),
    oracle.Price("files", "*", date(2026, 3, 8), date(2026, 3, 9), 8.25, 0.0, "EUR"),
    oracle.Price("files", "chat", date(2026, 3, 9), date(2026, 3, 14), 6.0, 0.99, "EUR"),
)
STATED_BASE = (date(2026, 3, 7), date(2026, 3, 9))
ATTRIBUTES = ("language", "variant")  # the messages of the sample have no language
RELEASES = (
    oracle.Release("files", "x", "r1", datetime(2026, 3, 1)),
    oracle.Release("files", "x", "r2", datetime(2026, 3, 8, 5)),
    oracle.Release("sample", "y", "r1", datetime(2026, 3, 8, 4, 32)),
)
START = datetime(2026, 3, 8, 4, 30)  # half an hour before midnight in New York, as clocks change

# Boundaries rather than middles: each of them just before, at and just after.
MICROSECOND = timedelta(microseconds=1)
MOMENTS = (timedelta(minutes=5), timedelta(minutes=30), timedelta(minutes=60), timedelta(days=1))
GAPS = st.sampled_from(
    [
        *(timedelta(0), timedelta(0), MICROSECOND, timedelta(seconds=1), timedelta(minutes=4)),
        *(
            moment + step
            for moment in MOMENTS
            for step in (-MICROSECOND, timedelta(0), MICROSECOND)
        ),
        *(timedelta(days=2), timedelta(days=7)),
    ]
)
IDS = st.sampled_from(["1", "2", "10", "a", "B", "é", "it's", "a:b", "1:a", "x y", '"q"', "🙂"])
OFFSETS = st.sampled_from(
    ["", "Z", "+00:00", "-07:00", "+05:30", " UTC", " +0000", " -07:00", "+14", " America/New_York"]
)
NO_TIME = st.sampled_from(
    [
        *(None, "", "  ", "yesterday", "2026-02-30", "2026-03-08T25:00:00Z"),
        *("2026-03-08 10:00 PST", "2026-03-08T10:00:00+15:00", "3/8/26 10:00", "12026-03-08"),
    ]
)


def written(moment: datetime, offset: str) -> str:
    """The moment as ISO 8601 text with an offset or a zone."""
    if "/" in offset:
        local = moment.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(offset.strip()))
        moment = local.replace(tzinfo=None)
    elif offset.strip() not in ("", "Z", "UTC"):
        digits = offset.strip(" +-").replace(":", "").ljust(4, "0")
        shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        moment += -shift if "-" in offset else shift
    return moment.isoformat() + offset


def spelled(value: str) -> st.SearchStrategy[str]:
    """An id as exports write it: with blanks around it, a whole number as a float."""
    ways = [f" {value}", f"{value}\u00a0", f"\t{value} "]
    return st.sampled_from([*ways, f"{value}.0", f" {value}.00"] if value.isdigit() else ways)


@st.composite
def loaded_times(draw: st.DrawFn, moment: datetime) -> str | None:
    """When a row was loaded: unknown, the night after, or so early that the row is unusable."""
    delay = draw(
        st.sampled_from(
            [
                *(None, None, timedelta(hours=3), timedelta(days=1), timedelta(days=3)),
                *(-timedelta(days=1), -timedelta(days=1) - MICROSECOND),
            ]
        )
    )
    return None if delay is None else written(moment + delay, draw(OFFSETS))


# Days that no calendar should reach for, and the last one to which days without a session do.
FAR = st.sampled_from(
    [datetime(1970, 1, 1), datetime(2099, 12, 31), *(START + timedelta(days=n) for n in (400, 401))]
)


def mostly(usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The usual thing, now and then the other."""
    return st.integers(0, 19).flatmap(lambda number: other if number == 19 else usual)


@st.composite
def timelines(draw: st.DrawFn, raw: dict[str, list[dict[str, Any]]], conversation_id: str) -> None:
    """Add the messages, events, ratings and claims of one conversation to the raw tables."""
    starts = st.sampled_from([START + timedelta(minutes=minutes) for minutes in (0, 29, 1440)])
    moment = draw(mostly(starts, FAR))
    moments = [moment]
    words = st.lists(st.sampled_from("cccbbbaaaRREEsn."), min_size=1, max_size=14)
    for number, word in enumerate(draw(words)):
        moment += draw(GAPS)
        moments.append(moment)
        time = draw(mostly(OFFSETS.map(lambda offset, at=moment: written(at, offset)), NO_TIME))
        odd = st.sampled_from(
            ["0", "1", "é", None, " ", "1.0", " 0", "1.2E+18", "9007199254740993.0"]
        )
        row_id = draw(mostly(st.just(str(number)), odd))
        shared = {
            "conversation_id": draw(mostly(st.just(conversation_id), spelled(conversation_id))),
            "loaded_at": draw(loaded_times(moment)),
        }
        if word in "RE.":
            usual = {"R": "resolved", "E": "Escalated ", ".": "assigned"}[word]
            row = {
                **shared,
                "event_id": row_id,
                "event_type": draw(mostly(st.just(usual), st.sampled_from(["done", "odd", None]))),
                "occurred_at": time,
                "actor_type": draw(st.sampled_from(["bot", "AGENT", "robot", None])),
                "reason": draw(st.sampled_from([None, "asked", "failed"])),
            }
            raw["events"].append(row)
        else:
            usual = {"c": "customer", "b": "bot", "a": "agent", "s": "system", "n": "agent"}[word]
            public = st.sampled_from([None, "true", "1"]) if word != "n" else st.just("false")
            row = {
                **shared,
                "message_id": row_id,
                "author_type": draw(
                    mostly(st.just(usual), st.sampled_from([" Bot", "owner", None]))
                ),
                "author_id": draw(st.sampled_from([None, "x", "y"])),
                "is_public": draw(mostly(public, st.just("maybe"))),
                "sent_at": time,
                "topic": draw(st.sampled_from([None, None, "billing", "returns"])),
                "bot_version": draw(st.sampled_from([None, None, None, "1", "2"])),
                "language": draw(st.sampled_from([None, None, None, " ", "de", 'a "b" \\ é'])),
            }
            raw["messages"].append(row)
        if draw(st.integers(0, 9)) == 9:  # the same row again, or corrected
            again = row | draw(
                st.sampled_from([{}, {"loaded_at": None}, {"topic": "login"}, {"reason": "late"}])
            )
            table = raw["events"] if "event_id" in row else raw["messages"]
            table.append({key: again[key] for key in row})

    raw["ratings"] += draw(st.lists(ratings(conversation_id, moments), max_size=6))
    raw["claims"] += draw(st.lists(claims(conversation_id, moments), max_size=6))


SCORES = st.sampled_from(["0", "1", "2", " 3 ", "4.5", "5", "5.5", "1e1", "-1", "good", "", None])
SCALES = st.sampled_from(["", "1", "3", "5.0", "10", "0", "-5", "five", "inf"])


@st.composite
def ratings(draw: st.DrawFn, conversation_id: str, moments: list[datetime]) -> dict[str, Any]:
    """A rating just before, at or after one of these moments."""
    step = draw(st.sampled_from([*[timedelta(0)] * 3, -MICROSECOND, timedelta(days=1)]))
    moment = draw(st.sampled_from([*moments, *moments[-1:] * len(moments)])) + step
    time = st.builds(written, st.just(moment), OFFSETS)
    return {
        "rating_id": draw(mostly(st.sampled_from(["1", "2", "10", "B", "é"]), st.none())),
        "conversation_id": draw(mostly(st.just(conversation_id), st.sampled_from([None, "?"]))),
        "score": draw(mostly(st.sampled_from(["1", "2", "3", "4", "5"]), SCORES)),
        "rated_at": draw(mostly(time, NO_TIME)),
        "max_score": draw(mostly(st.none(), SCALES)),
        "loaded_at": draw(loaded_times(moment)),
    }


@st.composite
def claims(draw: st.DrawFn, conversation_id: str, moments: list[datetime]) -> dict[str, Any]:
    """A claim before the first of these moments, at one of them, just before it, or after."""
    step = draw(
        st.sampled_from([*[timedelta(0)] * 3, -MICROSECOND, timedelta(days=1), timedelta(days=8)])
    )
    moment = draw(st.sampled_from([*moments, moments[-1]])) + step
    time = st.builds(written, st.just(moment), OFFSETS)
    return {
        "claim_id": draw(mostly(st.sampled_from(["1", "2", "10", "B", "é"]), st.none())),
        "conversation_id": draw(mostly(st.just(conversation_id), st.sampled_from([None, "?"]))),
        "outcome": draw(
            mostly(
                st.sampled_from(["resolved", "resolved", " Resolved", "escalated"]),
                st.sampled_from(["guessed", "odd", " ", None]),
            )
        ),
        "claimed_at": draw(mostly(time, NO_TIME)),
        "amount": draw(mostly(st.sampled_from(["0.99", "1", None]), SCORES)),
        "currency": draw(st.sampled_from(["EUR", " usd", "", None])),
        "loaded_at": draw(loaded_times(moment)),
    }


@st.composite
def raw_tables(draw: st.DrawFn, source: str) -> dict[str, list[dict[str, Any]]]:
    """The raw tables of one source."""
    raw: dict[str, list[dict[str, Any]]] = {table: [] for table in projects.CONTRACT}
    for conversation_id in draw(st.lists(IDS, max_size=10, unique=True)):
        draw(timelines(raw, conversation_id))
        # No row: an orphan. Two rows: a duplicate.
        for _ in range(draw(st.sampled_from([1, 1, 1, 1, 0, 2]))):
            raw["conversations"].append(
                {
                    "conversation_id": draw(
                        mostly(
                            st.just(conversation_id), st.one_of(st.none(), spelled(conversation_id))
                        )
                    ),
                    "channel": draw(st.sampled_from(["chat", "Chat ", "sms", "fax", None])),
                    "brand": draw(st.sampled_from(["A", "B", None])),
                    "customer_id": draw(st.sampled_from(["1", "1", "2", None, "1.0", " 2"])),
                    "created_at": draw(st.sampled_from([None, "2026-03-01", "soon"])),
                    "exclusion_reason": draw(
                        mostly(st.none(), st.sampled_from(["spam", "merged", "Merged "]))
                    ),
                    "loaded_at": draw(st.sampled_from([None, "2026-03-09T02:00:00Z"])),
                    "language": draw(st.sampled_from([None, "de", "en"])),
                    "variant": draw(st.sampled_from([None, "control", "a", "b"])),
                }
            )
    if source == projects.SEEDED_SOURCE:
        for row in raw["messages"]:
            del row["language"]
    return raw


SOURCES = [projects.SEEDED_SOURCE, projects.FILES_SOURCE]


@st.composite
def identity_tables(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Who the customers of both sources are; some are several persons, some rows are unusable."""
    row = st.fixed_dictionaries(
        {
            "source": st.sampled_from([*SOURCES, *SOURCES, " Files", "elsewhere", None]),
            "customer_id": mostly(st.sampled_from(["1", "2", "2.0"]), st.sampled_from([None, " "])),
            "person_id": mostly(st.sampled_from(["p", "p", "q"]), st.sampled_from([None, "1E+20"])),
        }
    )
    return {IDENTITIES: draw(mostly(st.just([]), st.lists(row, max_size=6)))}


NOT_AFTER = st.sampled_from(
    [*(START + timedelta(minutes=n) for n in (-1440, 0, 2, 30, 2880)), datetime(2030, 1, 1)]
)


@st.composite
def given_settings(draw: st.DrawFn) -> oracle.Settings:
    """Any combination of the settings."""
    as_of = st.sampled_from([None, START, START + timedelta(hours=2), START + timedelta(days=9)])
    return oracle.Settings(
        timeout_minutes=TIMEOUT_MINUTES,
        boundaries=BOUNDARIES,
        prices=PRICES,
        attributes=ATTRIBUTES,
        releases=RELEASES,
        claim_outcomes=CLAIM_OUTCOMES,
        signal_minimum_sessions=1,  # the examples are small
        signal_base=draw(st.sampled_from([None, None, STATED_BASE])),
        signal_rules=("beyond_three_sigma", "run_of_eight"),
        courtesy_minutes=draw(st.sampled_from([0, 5])),
        session_scope=draw(st.sampled_from(["conversation", "session"])),
        after_escalation=draw(st.sampled_from(["handoff", "session"])),
        infer_takeovers=draw(st.sampled_from([(), ("files",), ("sample",), ("files", "sample")])),
        as_of=draw(st.one_of(st.none(), as_of)),
        not_after=draw(st.one_of(st.none(), NOT_AFTER)),
        reporting_timezone=draw(
            st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
        ),
    )


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with lookups of its own."""
    project = projects.copy_project(tmp_path_factory.mktemp("project"))
    prices = [asdict(price) for price in PRICES]
    columns = ("source", "bot_id", "release", "released_at")
    releases = [asdict(release) for release in RELEASES]
    projects.write_csv(project / "seeds" / "bot_releases.csv", columns, releases)
    projects.write_lookups(
        project / "seeds", TIMEOUT_MINUTES, BOUNDARIES, prices, claim_outcomes=CLAIM_OUTCOMES
    )
    return project


def build(project: Path, folder: Path, raw: dict[str, Any], given: oracle.Settings) -> Path:
    """Build the marts from raw rows, one source as seeds, the other as files; give the database."""
    home = folder / "home"
    for table, columns in projects.SEEDED.items():
        seed = project / "seeds" / "sample" / f"sample_{table}.csv"
        projects.write_csv(seed, columns, raw[projects.SEEDED_SOURCE][table])
        file = folder / "raw" / f"{table}.jsonl"
        projects.write_jsonl(file, raw[projects.FILES_SOURCE][table])
    (home / "warehouse").mkdir(parents=True, exist_ok=True)
    database = home / "warehouse" / "containment.duckdb"
    database.unlink(missing_ok=True)
    words = Lookups(frozenset(TIMEOUT_MINUTES), frozenset(BOUNDARIES))
    with duckdb.connect(str(database)) as connection:
        reading = Reading(attributes=given.attributes)
        found = in_folder.inspect(folder / "raw", words, reading=reading)
        views.write_views(found, connection)
        projects.write_jsonl(
            folder / IDENTITIES / f"{IDENTITIES}.jsonl", raw[IDENTITIES][IDENTITIES]
        )
        persons = in_folder.inspect(folder / IDENTITIES, words, IDENTITIES)
        views.write_views(persons, connection)
    dbt_processes.start(
        project,
        home,
        *("build", "--exclude-resource-type", "unit_test", "--exclude", "test_type:generic"),
        "--no-write-json",
        dbt_vars={
            "sources": SOURCES,
            "as_of": None if given.as_of is None else given.as_of.isoformat(sep=" "),
            "not_after": None if given.not_after is None else given.not_after.isoformat(sep=" "),
            "courtesy_minutes": given.courtesy_minutes,
            "session_scope": given.session_scope,
            "after_escalation": given.after_escalation,
            "infer_takeovers": list(given.infer_takeovers),
            "reporting_timezone": given.reporting_timezone,
            "attributes": list(given.attributes),
            "signal_minimum_sessions": given.signal_minimum_sessions,
            "signal_base": given.signal_base
            and {"from": str(given.signal_base[0]), "to": str(given.signal_base[1])},
            "signal_rules": list(given.signal_rules),
        },
        parsed=folder / "parsed",
    ).succeed()
    return database


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Path:
    """A folder for the builds, in which the project is parsed."""
    folder = tmp_path_factory.mktemp("oracle")
    dbt_processes.parsed_in(folder / "parsed", project, SOURCES)
    return folder


@given(
    raw=st.fixed_dictionaries(
        {**{source: raw_tables(source) for source in SOURCES}, IDENTITIES: identity_tables()}
    ),
    given=given_settings(),
)
def test_every_mart_equals_the_oracle(
    project: Path, folder: Path, raw: dict[str, Any], given: oracle.Settings
) -> None:
    comparison.assert_equals_oracle(build(project, folder, raw, given), oracle.compute(raw, given))
