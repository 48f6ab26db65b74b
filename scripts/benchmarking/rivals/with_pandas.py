"""The rules of the build's core in pandas: whole columns at a time, no function of a group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarking.rivals import rules

MESSAGE, ESCALATED, RESOLVED = 0, 1, 2  # rule 2's order at the same time
AUTHORS = ("customer", "bot", "agent")


def run(folder: str) -> list[tuple[Any, ...]]:
    """Write the sessions to the folder, give the days as rules.DAY says."""
    conversations = _conversations()
    segments = _segments(_timeline(conversations))
    sessions = _sessions(segments, conversations, _as_of())
    sessions[list(rules.SESSION)].to_parquet(Path(folder) / rules.SESSIONS, index=False)
    return _days(sessions)


def _read(table: str, *columns: str) -> pd.DataFrame:
    files = sorted(Path().glob(f"{table}*.parquet"))
    return pd.concat(
        [pd.read_parquet(file, columns=list(columns)) for file in files], ignore_index=True
    )


def _conversations() -> pd.DataFrame:
    """Each under a number, which is sorted and joined faster than its id."""
    conversations = _read("conversations", "conversation_id", "channel", "exclusion_reason")
    policies, other = rules.timeouts()
    conversations["channel"] = conversations["channel"].fillna(rules.UNKNOWN)
    timeouts = conversations["channel"].map(policies)
    conversations["timeout"] = timeouts.fillna(other).astype("timedelta64[us]")
    conversations["conversation"] = np.arange(len(conversations))
    return conversations


def _timeline(conversations: pd.DataFrame) -> pd.DataFrame:
    """Activities and terminal events in order (rules 1 to 3)."""
    activities = _read(
        *("messages", "conversation_id", "sent_at", "message_id", "author_type", "is_public")
    )
    is_activity = activities["is_public"] & activities["author_type"].isin(AUTHORS)
    activities = (
        activities[is_activity]
        .drop(columns="is_public")
        .rename(columns={"sent_at": "at", "message_id": "row_id"})
    )
    activities["kind"] = np.int8(MESSAGE)
    activities["author_type"] = activities["author_type"].astype("category")
    terminal_events = _read("events", "conversation_id", "occurred_at", "event_id", "event_type")
    boundary = terminal_events.pop("event_type").map(rules.boundaries())
    terminal_events["kind"] = np.where(boundary == "escalated", ESCALATED, RESOLVED).astype("int8")
    terminal_events = terminal_events[boundary.notna()].rename(
        columns={"occurred_at": "at", "event_id": "row_id"}
    )
    timeline = pd.concat([activities, terminal_events], ignore_index=True)
    del activities, terminal_events
    timeline = timeline.merge(
        conversations[["conversation_id", "conversation", "timeout"]], on="conversation_id"
    ).drop(columns="conversation_id")
    return timeline.sort_values(["conversation", "at", "kind", "row_id"], ignore_index=True)


def _segments(timeline: pd.DataFrame) -> pd.DataFrame:
    """A row for each segment (rule 4), with what the later rules need of its rows."""
    is_message = timeline["kind"] == MESSAGE
    follows = timeline["conversation"] == timeline["conversation"].shift(1)
    previous_kind = timeline["kind"].shift(1)
    is_late = timeline["at"] - timeline["at"].shift(1) > timeline["timeout"]
    is_start = is_message & (~follows | (previous_kind != MESSAGE) | is_late)
    timeline["segment"] = is_start.cumsum()
    timeline["is_after_silence"] = is_start & follows & (previous_kind != RESOLVED) & is_late
    # A terminal event before the first activity belongs to nothing.
    owner = timeline["conversation"].where(is_start).ffill()
    timeline = timeline[owner == timeline["conversation"]]
    for kind, name in ((MESSAGE, "active"), (ESCALATED, "escalated"), (RESOLVED, "resolved")):
        timeline[f"{name}_at"] = timeline["at"].where(timeline["kind"] == kind)
    for author in AUTHORS:
        timeline[f"{author}_messages"] = timeline["author_type"] == author
    # Sorted, so the first row of a segment is its first message.
    return timeline.groupby("segment", sort=False, as_index=False).agg(
        conversation=("conversation", "first"),
        first_message_id=("row_id", "first"),
        is_after_silence=("is_after_silence", "first"),
        started_at=("active_at", "min"),
        last_activity_at=("active_at", "max"),
        first_escalated_at=("escalated_at", "min"),
        last_escalated_at=("escalated_at", "max"),
        first_resolved_at=("resolved_at", "min"),
        last_resolved_at=("resolved_at", "max"),
        **{f"{author}_messages": (f"{author}_messages", "sum") for author in AUTHORS},
    )


def _sessions(
    segments: pd.DataFrame, conversations: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Rules 5 to 7: how each ends, its outcome, and whether it is a session."""
    found = segments.merge(conversations, on="conversation", how="left")
    by_conversation = found.groupby("conversation", sort=False)
    before = by_conversation[["last_escalated_at", "last_resolved_at"]].ffill()
    before = before.groupby(found["conversation"], sort=False).shift(1)
    escalated_before, resolved_before = before["last_escalated_at"], before["last_resolved_at"]
    is_terminated = found["last_escalated_at"].notna() | found["last_resolved_at"].notna()
    terminated_before = (
        is_terminated.groupby(found["conversation"], sort=False).cumsum() - is_terminated
    )
    # Since the last terminal event: the segments of one count share it.
    is_bot_back = (
        (found["is_after_silence"] & (found["bot_messages"] > 0))
        .groupby([found["conversation"], terminated_before], sort=False)
        .cummax()
    )
    with_people = (
        escalated_before.notna()
        & (resolved_before.isna() | (escalated_before > resolved_before))
        & ~is_bot_back
    )
    has_bot = by_conversation["bot_messages"].transform("max") > 0
    has_later = found["conversation"] == found["conversation"].shift(-1)
    deadline = found["last_activity_at"] + found["timeout"]
    first_terminal = found[["first_escalated_at", "first_resolved_at"]].min(axis=1)
    is_ended = has_later | (deadline < as_of)
    found["ended_at"] = first_terminal.where(first_terminal <= deadline, deadline.where(is_ended))
    found["outcome"] = np.select(
        [
            found["first_escalated_at"].notna(),
            found["first_resolved_at"].notna(),
            found["ended_at"].notna(),
        ],
        rules.OUTCOMES,
        "open",
    )
    return found[
        found["exclusion_reason"].isna() & has_bot & ~with_people & (found["customer_messages"] > 0)
    ]


def _as_of() -> pd.Timestamp:
    """Rule 5's: the newest load."""
    newest = []
    for table, own_time in (
        ("conversations", "created_at"),
        ("messages", "sent_at"),
        ("events", "occurred_at"),
    ):
        times = _read(table, "loaded_at", own_time)
        newest.append(times["loaded_at"].fillna(times[own_time]).max())
    return max(newest)


def _days(sessions: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Rule 8's counts."""
    closed = sessions[sessions["outcome"] != "open"]
    counted = pd.DataFrame(
        {
            "started_date": closed["started_at"].dt.strftime("%Y-%m-%d"),
            "channel": closed["channel"],
            "closed": 1,
            "contained": (closed["outcome"] != "escalated").astype(int),
            **{each: (closed["outcome"] == each).astype(int) for each in rules.OUTCOMES},
        }
    )
    days = counted.groupby(["started_date", "channel"]).sum().reset_index()
    return [tuple(row) for row in days[list(rules.DAY)].to_numpy().tolist()]
