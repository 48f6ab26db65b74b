"""The lookups that the build reads too, and what a rival that follows all rules gives."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta

from containment import raw_tables
from containment.lookups import ANY
from containment.places import PROJECT

POLICIES = PROJECT / "seeds" / "channel_policies.csv"
EVENT_TYPES = PROJECT / "seeds" / "event_types.csv"

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
        if row["source"] in (ANY, raw_tables.CONTRACT)
    }
    return {word: boundary for word, boundary in found.items() if boundary in OUTCOMES}


def _rows(path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)
