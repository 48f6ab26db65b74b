"""What other incremental designs would hold after each night, beside what is right.

Each is emulated from the sessions of that night's fresh build and the raw rows, and given the
benefit of the doubt: it looks at the columns that the cut alone decides, and what it does rebuild,
it rebuilds rightly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import nights
import oracle
from night_simulation import Evening
from nights import Key, State

Row = dict[str, Any]

COLUMNS = (
    *("session_id", "source", "conversation_id", "session_number", "segment_number", "channel"),
    *("customer_id", "started_at", "last_activity_at", "customer_message_count"),
    *("bot_message_count", "agent_message_count", "escalated_at", "resolved_at", "topic"),
)


class Design(ABC):
    """A way to keep sessions from night to night. `held` has them by their id."""

    name: str

    def __init__(self) -> None:
        self.held: dict[str, Row] = {}
        self.before: State | None = None

    def live(self, evening: Evening) -> None:
        """Do this night's work."""
        if self.before is None:
            self.begin(evening)
        else:
            self.go_on(evening, self.before)
        self.before = evening.state

    def begin(self, evening: Evening) -> None:
        """The first build is a full one."""
        self.put(evening.sessions)

    @abstractmethod
    def go_on(self, evening: Evening, before: State) -> None:
        """A later build, after one of the state `before`."""

    def put(self, sessions: Iterable[Row]) -> None:
        """Insert sessions, each in the place of one with its id."""
        self.held.update({session["session_id"]: session for session in sessions})

    def drop(self, condition: Callable[[Row], bool]) -> None:
        """Delete the held sessions of which this is true."""
        self.held = {name: row for name, row in self.held.items() if not condition(row)}

    def newest_start(self) -> datetime:
        """The newest start of a held session."""
        return max((row["started_at"] for row in self.held.values()), default=datetime.min)


class LoadedAtWatermark(Design):
    """Conversations with a row loaded since the last build are cut again whole."""

    name = "loaded_at watermark"

    def begin(self, evening: Evening) -> None:
        super().begin(evening)
        self.watermark = max(_loaded_times(evening.state), default="")

    def go_on(self, evening: Evening, before: State) -> None:
        changed = {
            (source, row["conversation_id"])
            for source, tables in evening.state.visible().items()
            for rows in tables.values()
            for row in rows
            if nights.is_time(row["loaded_at"]) and row["loaded_at"] > self.watermark
        }
        self.watermark = max([self.watermark, *_loaded_times(evening.state)])
        self.make_room(changed)
        self.put(row for row in evening.sessions if _key(row) in changed)

    def make_room(self, changed: set[Key]) -> None:
        """Delete the sessions of the conversations that are cut again."""
        self.drop(lambda row: _key(row) in changed)


class MergedOnSessionId(LoadedAtWatermark):
    """The same, merged on session_id: a session that is no more stays."""

    name = "the same, merge on session_id"

    def make_room(self, changed: set[Key]) -> None:
        """Nothing is deleted."""


class EventTimeWindow(Design):
    """Sessions that started in the three days before the newest one are cut again."""

    name = "event-time window of 3 days"

    def go_on(self, evening: Evening, before: State) -> None:
        since = _before(self.newest_start(), timedelta(days=3))
        self.drop(lambda row: row["started_at"] >= since)
        self.put(row for row in evening.sessions if row["started_at"] >= since)


class AppendedSinceNewest(Design):
    """Sessions that started later than three hours before the newest one are added."""

    name = "append since newest - 3 h"

    def go_on(self, evening: Evening, before: State) -> None:
        since = _before(self.newest_start(), timedelta(hours=3))
        self.put(row for row in evening.sessions if row["started_at"] > since)


class MicrobatchByDay(Design):
    """Each day since the one before the last build is cut again, from the rows of that day."""

    name = "microbatch by day"

    def begin(self, evening: Evening) -> None:
        self.tonight = _today(evening)
        self.put_days(evening, sorted(set(_days(evening.state))))

    def go_on(self, evening: Evening, before: State) -> None:
        since, self.tonight = self.tonight, _today(evening)
        # One batch of look-back, as is dbt's default.
        count = (self.tonight - since).days + 2
        self.put_days(evening, [since + timedelta(days=number - 1) for number in range(count)])

    def put_days(self, evening: Evening, days: Sequence[date]) -> None:
        """Cut these days, each from its own rows."""
        for day in days:
            self.drop(lambda row, day=day: row["started_at"].date() == day)
            self.put(oracle.compute(_of_day(evening.state, day), evening.state.settings).sessions)


class FingerprintWithoutRules(Design):
    """Conversations whose raw rows changed are cut again whole, whatever became of the rules."""

    name = "fingerprint without rules"

    def go_on(self, evening: Evening, before: State) -> None:
        changed = evening.state.changed_since(before)
        self.drop(lambda row: _key(row) in changed)
        self.put(row for row in evening.sessions if _key(row) in changed)


class Ours(Design):
    """What the incremental build of this project holds."""

    name = "ours"

    def go_on(self, evening: Evening, before: State) -> None:
        self.held = {}
        self.put(evening.kept_sessions)


RIVALS: tuple[type[Design], ...] = (
    *(LoadedAtWatermark, MergedOnSessionId, EventTimeWindow, AppendedSinceNewest),
    *(MicrobatchByDay, FingerprintWithoutRules),
)


def errors(evenings: Sequence[Evening]) -> dict[str, list[tuple[int, int]]]:
    """Per design, the sessions (missing, extra) after each night, compared with a fresh build."""
    found: dict[str, list[tuple[int, int]]] = {}
    for kind in (Ours, *RIVALS):
        design = kind()
        for evening in evenings:
            design.live(evening)
            should, got = _bag(evening.sessions), _bag(design.held.values())
            missing, extra = (should - got).total(), (got - should).total()
            found.setdefault(design.name, []).append((missing, extra))
    return found


def table(evenings: Sequence[Evening]) -> str:
    """Nights and designs as plain text: sessions missing/extra, compared with a fresh build."""
    found = errors(evenings)
    head = ["night", "sessions", *found]
    lines = [head] + [
        [
            str(evening.number),
            str(len(evening.sessions)),
            *("{}/{}".format(*found[name][place]) for name in found),
        ]
        for place, evening in enumerate(evenings)
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


def _bag(sessions: Iterable[Row]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row[column] for column in COLUMNS) for row in sessions)


def _key(row: Row) -> Key:
    return row["source"], row["conversation_id"]


def _loaded_times(state: State) -> list[str]:
    return [
        row["loaded_at"]
        for tables in state.visible().values()
        for rows in tables.values()
        for row in rows
        if nights.is_time(row["loaded_at"])
    ]


def _before(newest: datetime, span: timedelta) -> datetime:
    return newest if newest == datetime.min else newest - span


def _today(evening: Evening) -> date:
    return (nights.FIRST_NIGHT + timedelta(days=evening.number)).date()


def _days(state: State) -> list[date]:
    return [
        nights.moment(row[nights.TIME[table]]).date()
        for tables in state.visible().values()
        for table in nights.ROWS
        for row in tables[table]
        if nights.is_time(row[nights.TIME[table]])
    ]


def _of_day(state: State, day: date) -> nights.Raw:
    """The conversations, and the messages and events of a day."""

    def is_of_day(table: str, row: Row) -> bool:
        if table not in nights.ROWS:
            return True
        written = row[nights.TIME[table]]
        return nights.is_time(written) and nights.moment(written).date() == day

    return {
        source: {
            table: [row for row in rows if is_of_day(table, row)] for table, rows in tables.items()
        }
        for source, tables in state.visible().items()
    }
