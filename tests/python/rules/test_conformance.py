"""The conformance pack (docs/conformance.md): the worked cases of RULES.md as raw tables, with the
segments that they must give. `python test_conformance.py` writes it again from RULES.md.
"""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import oracle
import projects
import pytest
from test_oracle_worked_cases import ENOUGH, RETURNS, START, at, rows_of
from test_rules import ELSEWHERE, RULES, worked_cases

from containment.raw import in_folder, views
from containment.settings import lookups
from containment.settings.source_yml import IDENTITIES

PACK = projects.ROOT / "tests" / "conformance"
PLAIN, INFERRING = projects.SEEDED_SOURCE, projects.FILES_SOURCE  # with takeovers off and on
MAIL = INFERRING  # where the customer of a case may write, too
AS_OF = at(ENOUGH)
RAW = ("conversations", "messages", "events", IDENTITIES)
RAW_COLUMNS = {
    "conversations": ("source", "conversation_id", "channel", "customer_id", "exclusion_reason"),
    "messages": ("source", "message_id", "conversation_id", "author_type", "sent_at"),
    "events": ("source", "event_id", "conversation_id", "event_type", "occurred_at"),
    IDENTITIES: ("source", "customer_id", "person_id"),
}
OF_SEGMENTS = (
    *("source", "conversation_id", "segment_number", "segment_kind", "session_number"),
    *("started_at", "last_activity_at", "ended_at", "start_reason", "end_reason"),
    *("outcome", "is_contained", "is_resolved_late"),
)
OF_SESSIONS = (
    *("next_contact_started_at", "recontact_kind", "is_recontacted_24h", "is_recontacted_7d"),
)
EXPECTED = "expected_segments"
Row = dict[str, Any]


def raw_tables() -> dict[str, list[Row]]:
    """The raw rows of all cases; a case is a conversation, and perhaps a second one elsewhere."""
    raw: dict[str, list[Row]] = {table: [] for table in RAW}

    def add(
        source: str, conversation_id: str, timeline: str, shift: float = 0, **row: str | None
    ) -> None:
        raw["conversations"].append(
            {"source": source, "conversation_id": conversation_id, "channel": "chat", **row}
        )
        for table, time, key in (
            ("messages", "sent_at", "message_id"),
            ("events", "occurred_at", "event_id"),
        ):
            for each in rows_of(timeline, conversation_id)[table]:
                words = {"closed": "resolved", "handed_over": "escalated"}
                moment = oracle.required(oracle.parse_time(each[time])) + timedelta(minutes=shift)
                more = {
                    "source": source,
                    key: f"{conversation_id}-{each[key]}",
                    time: f"{moment.isoformat()}Z",
                }
                if table == "events":
                    more["event_type"] = words[each["event_type"]]
                raw[table].append({**each, **more})

    for number, (timeline, _, given) in enumerate(worked_cases(RULES), 1):
        name = f"case-{number:02}"
        source = INFERRING if given == "takeovers inferred" else PLAIN
        if given == ELSEWHERE:  # open at as_of, and a row that no night may use
            add(source, name, timeline, shift=ENOUGH - 10)
            add(source, f"{name}-elsewhere", "c0")
            raw["messages"][-1]["sent_at"] = "2099-01-01T00:00:00Z"
        else:
            reason = {"exclusion_reason": "merged"} if given == "merged" else {}
            add(source, name, timeline, **reason)
    for number, (timeline, other, row, _) in enumerate(RETURNS, 1):
        name = f"return-{number:02}"
        add(PLAIN, name, timeline, customer_id=name)
        add(MAIL, f"{name}-elsewhere", other, **{"customer_id": f"{name}-there", **row})
        raw[IDENTITIES] += [
            {"source": PLAIN, "customer_id": name, "person_id": name},
            {"source": MAIL, "customer_id": f"{name}-there", "person_id": name},
        ]
    return raw


def by_source(raw: dict[str, list[Row]]) -> dict[str, dict[str, list[Row]]]:
    """The raw rows as the oracle takes them."""
    found: dict[str, dict[str, list[Row]]] = {IDENTITIES: {IDENTITIES: raw[IDENTITIES]}}
    for source in (PLAIN, INFERRING):
        found[source] = {
            table: [row for row in raw[table] if row["source"] == source]
            for table in RAW
            if table != IDENTITIES
        }
    return found


def expected_segments(raw: dict[str, list[Row]]) -> list[Row]:
    """What the oracle makes of them, in the columns of the pack."""
    timeouts = {"chat": 30, "*": 60}
    boundaries = {
        ("*", "resolved"): "resolved",
        ("*", "escalated"): "escalated",
        ("*", "agent_takeover"): "escalated",
    }
    settings = oracle.Settings(
        timeouts, boundaries, infer_takeovers=(INFERRING,), as_of=AS_OF, not_after=AS_OF
    )
    result = oracle.compute(by_source(raw), settings)
    sessions = {row["session_id"]: row for row in result.sessions}
    rows = []
    for segment in result.segments:
        session = sessions.get(segment["segment_id"], {})
        row = {name: segment.get(name) for name in OF_SEGMENTS}
        row["session_number"] = session.get("session_number")
        rows.append({**row, **{name: session.get(name) for name in OF_SESSIONS}})
    return sorted(rows, key=lambda row: tuple(str(row[name]) for name in OF_SEGMENTS[:3]))


def as_csv(columns: tuple[str, ...], rows: list[Row]) -> str:
    """A table of the pack as text; null is empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_shown(row.get(column)) for column in columns])
    return stream.getvalue()


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value.isoformat()}Z" if hasattr(value, "isoformat") else str(value or "")


def pack() -> dict[str, str]:
    """The files of the pack."""
    raw = raw_tables()
    files = {table: as_csv(RAW_COLUMNS[table], raw[table]) for table in RAW}
    return {**files, EXPECTED: as_csv((*OF_SEGMENTS, *OF_SESSIONS), expected_segments(raw))}


def read(table: str) -> list[dict[str, str | None]]:
    """A table of the pack as it is on the disk."""
    with (PACK / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return [
            {name: value or None for name, value in row.items()} for row in csv.DictReader(stream)
        ]


SETTINGS: dict[str, Any] = {
    "sources": [PLAIN, INFERRING],
    "infer_takeovers": [INFERRING],
    "as_of": AS_OF.isoformat(sep=" "),
    "not_after": AS_OF.isoformat(sep=" "),
}


def deliver(project: Path, folder: Path) -> None:
    """Write the pack for a build: one source as seeds, the other as files, and the persons."""
    rows = {table: read(table) for table in RAW}
    for table, columns in projects.SEEDED.items():
        for source in (PLAIN, INFERRING):
            mine = [
                {column: row.get(column) for column in columns}
                for row in rows.get(table, [])
                if row["source"] == source
            ]
            if source == PLAIN:
                seed = project / "seeds" / "sample" / f"sample_{table}.csv"
                projects.write_csv(seed, columns, mine)
            else:
                projects.write_jsonl(folder / "raw" / f"{table}.jsonl", mine)
    projects.write_jsonl(folder / IDENTITIES / f"{IDENTITIES}.jsonl", rows[IDENTITIES])


def build(project: Path, folder: Path) -> Path:
    """Build the marts from the pack; give the database."""
    deliver(project, folder)
    home = folder / "home"
    (home / "warehouse").mkdir(parents=True)
    database = home / "warehouse" / "containment.duckdb"
    words = lookups.load(project)
    with duckdb.connect(str(database)) as connection:
        views.write_views(in_folder.inspect(folder / "raw", words), connection)
        persons = in_folder.inspect(folder / IDENTITIES, words, IDENTITIES)
        views.write_views(persons, connection)
    models = ("build", "--exclude-resource-type", "unit_test", "test")
    projects.dbt(project, home, *models, **SETTINGS)
    return database


def test_the_pack_is_what_the_rules_say() -> None:
    for table, text in pack().items():
        assert (PACK / f"{table}.csv").read_text(encoding="utf-8") == text, table


def test_the_pack_holds_every_case_and_each_kind_of_segment() -> None:
    found = read(EXPECTED)
    conversations = {row["conversation_id"] for row in found}
    cases = {f"case-{number:02}" for number, _ in enumerate(worked_cases(RULES), 1)}
    assert cases <= conversations
    assert {row["segment_kind"] for row in found} == {
        *("session", "handoff", "human", "unengaged", "excluded"),
    }
    assert {row["recontact_kind"] for row in found} == {None, "human", "session", "merged"}
    first = [row for row in found if row["conversation_id"] == "case-01"]
    contained = [row["is_contained"] for row in first if row["segment_kind"] == "session"]
    assert contained == ["true", "true", "false"]
    assert START < AS_OF


@pytest.mark.heavy
def test_the_models_give_the_expected_segments(tmp_path: Path) -> None:
    database = build(projects.copy_project(tmp_path / "project"), tmp_path)
    segments = ", ".join(f"segments.{name}" for name in OF_SEGMENTS if name != "session_number")
    sessions = ", ".join(f"sessions.{name}" for name in ("session_number", *OF_SESSIONS))
    rows = projects.rows(
        database,
        f"select {segments}, {sessions} from marts.segments left join marts.sessions "
        "on segments.segment_id = sessions.session_id "
        "order by source, conversation_id, segment_number",
    )
    assert as_csv((*OF_SEGMENTS, *OF_SESSIONS), rows) == (PACK / f"{EXPECTED}.csv").read_text()


if __name__ == "__main__":
    PACK.mkdir(exist_ok=True)
    for name, content in pack().items():
        (PACK / f"{name}.csv").write_text(content, encoding="utf-8")
