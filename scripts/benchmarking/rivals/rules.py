"""The lookups that the build reads too, and what a rival that follows all rules gives."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarking.database import connect
from containment.common import sql
from containment.common.places import PROJECT
from containment.settings import lookups, source_yml
from containment.settings.lookup_tables import FOLDER
from containment.settings.lookups import ANY, CHANNELS

POLICIES = PROJECT / FOLDER / CHANNELS
EVENT_TYPES = PROJECT / FOLDER / lookups.EVENT_TYPES

# The same for a statement of DuckDB's: two tables of its `with`.
LOOKUPS = f"""
policies as (
    select channel, to_minutes(timeout_minutes) as timeout from {sql.path(POLICIES)}
),
boundaries as (
    select event_type, arg_max(boundary, source <> '*') as boundary
    from {sql.path(EVENT_TYPES)}
    where source in ('*', 'files')
    group by event_type
)"""

UNKNOWN = "unknown"  # the channel of a conversation without a row, or without one
OUTCOMES = ("escalated", "resolved", "timed_out")
# Of a day, in this order: the date and the channel, closed and contained sessions, the outcomes.
DAY = ("started_date", "channel", "closed", "contained", *OUTCOMES)
SESSIONS = "sessions.parquet"  # what a rival leaves in its folder, a row for each session
# As in the mart; a rival has no session_id, but the message that the id is made of.
SESSION = (
    *("conversation_id", "first_message_id", "channel", "started_at", "last_activity_at"),
    *("ended_at", "outcome", "customer_messages", "bot_messages", "agent_messages"),
)

# What a rival that rebuilds the four big marts writes of each, at least: the columns that count,
# as the marts name them. Its segments have no id but their conversation and number.
COUNTS = {f"{author}_message_count": "bigint" for author in ("customer", "bot", "agent")}
CUT = {
    "conversation_id": "varchar",
    "segment_number": "bigint",
    "channel": "varchar",
    "started_at": "timestamp",
    "last_activity_at": "timestamp",
    "ended_at": "timestamp",
    "outcome": "varchar",
    **COUNTS,
}
MARTS = {
    "messages": {
        "message_id": "varchar",
        "conversation_id": "varchar",
        "segment_number": "bigint",
        "segment_kind": "varchar",
        "author_type": "varchar",
        "sent_at": "timestamp",
        "position_in_segment": "bigint",
    },
    "segments": {**CUT, "segment_kind": "varchar"},
    "sessions": {**CUT, "session_number": "bigint"},
    "conversations": {
        "conversation_id": "varchar",
        "channel": "varchar",
        "created_at": "timestamp",
        "message_count": "bigint",
        "segment_count": "bigint",
        "session_count": "bigint",
        "closed_session_count": "bigint",
        "contained_session_count": "bigint",
        "first_activity_at": "timestamp",
        "last_activity_at": "timestamp",
    },
}


def typed(columns: Mapping[str, str]) -> str:
    """Columns for a select, each as its type: DuckDB's sums and counts may be wider than that."""
    return ", ".join(f"cast({name} as {type_}) as {name}" for name, type_ in columns.items())


def sums(connection: duckdb.DuckDBPyConnection, marts: Mapping[str, str]) -> dict[str, list[Any]]:
    """Take what to read each of MARTS from, give its number of rows and the sum of their hashes:
    the same for two marts whose rows are the same, in whatever order.
    """
    return {
        mart: list(
            connection.execute(
                f"select count(*), cast(sum(cast(hash(rows_of_it) as hugeint)) as varchar) "
                f"from (select {typed(columns)} from {marts[mart]}) as rows_of_it"
            ).fetchall()[0]
        )
        for mart, columns in MARTS.items()
    }


def sums_of_files(folder: str) -> dict[str, list[Any]]:
    """The same of the marts that a rival has written to a folder, as <mart>.parquet."""
    with connect() as connection:
        return sums(
            connection, {mart: sql.path(Path(folder) / f"{mart}.parquet") for mart in MARTS}
        )


def timeouts() -> tuple[dict[str, timedelta], timedelta]:
    """The timeout of each channel that has one of its own, and that of every other."""
    minutes = {row["channel"]: int(row["timeout_minutes"]) for row in _rows(POLICIES)}
    found = {channel: timedelta(minutes=each) for channel, each in minutes.items()}
    return found, found.pop(ANY)


def boundaries() -> dict[str, str]:
    """What each event type of the raw files ends; those that end nothing are left out."""
    # A row for the source itself wins over the one for every source.
    rows = sorted(_rows(EVENT_TYPES), key=lambda row: row["source"] != ANY)
    found = {
        row["event_type"]: row["boundary"]
        for row in rows
        if row["source"] in (ANY, source_yml.CONTRACT)
    }
    return {word: boundary for word, boundary in found.items() if boundary in OUTCOMES}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)
