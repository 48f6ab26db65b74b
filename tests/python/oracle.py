"""The session rules, written down a second time, in plain Python.

An independent oracle: the tests compare what the SQL models compute with what this module computes
from the same raw rows. It is written to be read beside SESSIONS.md, rule by rule, with
straightforward loops and no regard for speed. Nothing here is taken from the models.

All times inside are naive datetimes in UTC. Durations are compared as differences of times.
"""

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from hashlib import md5
from math import sqrt
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

RawRow = dict[str, "str | None"]
Row = dict[str, Any]
T = TypeVar("T")
UsableRow = TypeVar("UsableRow", "Message", "Event", "Conversation", "Rating")

UTC = timezone(timedelta(0))
TABLES = ("conversations", "messages", "events", "ratings")
AUTHOR_TYPES = ("customer", "bot", "agent", "system")
ACTIVITY_AUTHORS = ("customer", "bot", "agent")
BOOLEANS = {
    **dict.fromkeys(("true", "t", "1", "yes", "y"), True),
    **dict.fromkeys(("false", "f", "0", "no", "n"), False),
}
DAY = timedelta(days=1)
DRAWN_GAP = timedelta(days=400)
WEEK = timedelta(days=7)
WILSON_Z = 1.959963984540054
DEFAULT_MAX_SCORE = Decimal(5)
NINE_DIGITS = Decimal("1e-9")
COMPARED_TIMEOUTS = (5, 15, 30, 60, 120, 240, 1440, 4320)


# ---------------------------------------------------------------------------------------------
# Settings, result, and the things in between
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settings:
    """What an analyst can set: the two lookup seeds and the vars."""

    timeout_minutes: dict[str, int]
    boundaries: dict[tuple[str, str], str]
    courtesy_minutes: int = 0
    session_scope: str = "conversation"
    after_escalation: str = "handoff"
    infer_takeovers: tuple[str, ...] = ()
    as_of: datetime | None = None
    not_after: datetime | None = None
    reporting_timezone: str = "UTC"


@dataclass
class Result:
    """The marts: lists of rows, each a dict of column name to value."""

    sessions: list[Row] = field(default_factory=list)
    segments: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    conversations: list[Row] = field(default_factory=list)
    containment_daily: list[Row] = field(default_factory=list)
    ratings: list[Row] = field(default_factory=list)
    satisfaction: list[Row] = field(default_factory=list)
    containment_trend: list[Row] = field(default_factory=list)
    containment_funnel: list[Row] = field(default_factory=list)
    containment_changes: list[Row] = field(default_factory=list)
    timeout_sensitivity: list[Row] = field(default_factory=list)
    rejected_rows: list[Row] = field(default_factory=list)
    row_reconciliation: list[Row] = field(default_factory=list)
    as_of: datetime | None = None


@dataclass(frozen=True)
class Message:
    """A usable message row, cleaned."""

    source: str
    conversation_id: str
    message_id: str
    sent_at: datetime
    author_type: str
    author_id: str | None
    is_public: bool
    topic: str | None
    loaded_at: datetime | None


@dataclass(frozen=True)
class Event:
    """A usable event row, cleaned."""

    source: str
    conversation_id: str
    event_id: str
    occurred_at: datetime
    event_type: str
    actor_type: str | None
    reason: str | None
    loaded_at: datetime | None


@dataclass(frozen=True)
class Conversation:
    """A usable conversation row, cleaned; or one known only from its messages and events."""

    source: str
    conversation_id: str
    channel: str | None = None
    brand: str | None = None
    customer_id: str | None = None
    created_at: datetime | None = None
    exclusion_reason: str | None = None
    loaded_at: datetime | None = None


@dataclass(frozen=True)
class Rating:
    """A usable rating row, cleaned."""

    source: str
    conversation_id: str
    rating_id: str
    rated_at: datetime
    score: Decimal
    max_score: Decimal
    loaded_at: datetime | None

    @property
    def csat_score(self) -> float:
        """The score as a share of the highest of its scale."""
        return float(self.score) / float(self.max_score)


@dataclass(frozen=True)
class Terminal:
    """A terminal event (rule 3): an event whose type maps to `resolved` or `escalated`."""

    event: Event
    boundary: str
    is_takeover: bool = False  # made by the cut, no row of the source

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.event.occurred_at


@dataclass(eq=False)
class Segment:
    """One segment (rule 4): its activities, and the terminal events that belong to it."""

    conversation: Conversation
    number: int
    start_reason: str
    timeout: timedelta
    activities: list[Message]
    terminals: list[Terminal] = field(default_factory=list)
    ended_at: datetime | None = None
    end_reason: str | None = None
    outcome: str = ""
    is_after_escalation: bool = False
    origin: "Segment | None" = None
    kind: str = ""
    session_number: int | None = None

    @property
    def segment_id(self) -> str:
        """Rule 9: a hash of source, conversation and the *first message's id*."""
        source, conversation_id = self.conversation.source, self.conversation.conversation_id
        first = self.activities[0].message_id
        return md5(
            f"{source}:{len(conversation_id)}:{conversation_id}:{first}".encode()
        ).hexdigest()

    @property
    def session(self) -> "Segment | None":
        """The session that the segment is, or (a handoff) that it handles; else null."""
        if self.kind == "session":
            return self
        if self.kind == "handoff" and self.origin is not None and self.origin.kind == "session":
            return self.origin
        return None

    @property
    def session_id(self) -> str | None:
        """The key of that session."""
        return None if self.session is None else self.session.segment_id

    @property
    def started_at(self) -> datetime:
        """The time of the first activity."""
        return self.activities[0].sent_at

    @property
    def last_activity_at(self) -> datetime:
        """The time of the last activity."""
        return self.activities[-1].sent_at

    @property
    def is_contained(self) -> bool | None:
        """Rule 6: outcome is `resolved` or `timed_out`; null while open."""
        if self.outcome == "open":
            return None
        return self.outcome in ("resolved", "timed_out")

    def by(self, author_type: str) -> list[Message]:
        """The segment's activities of one author type, in order."""
        return [message for message in self.activities if message.author_type == author_type]

    def first_terminal(self, boundary: str) -> Terminal | None:
        """The segment's first terminal event of one kind, in the order of rule 2."""
        for terminal in self.terminals:
            if terminal.boundary == boundary:
                return terminal
        return None

    def is_past_deadline(self, at: datetime) -> bool:
        """Rule 5: *deadline* = last activity + timeout; a time equal to it is not past it."""
        return at - self.last_activity_at > self.timeout


# ---------------------------------------------------------------------------------------------
# Reading text
# ---------------------------------------------------------------------------------------------

TIME_PATTERN = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?: ?(?P<offset>Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)| (?P<zone>[A-Za-z_]+(?:/[A-Za-z_]+)+))?)?"
)
# What Python takes for a space, and two marks that nobody sees.
BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200b\ufeff"
NUMBER_PATTERN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
LARGEST_NUMBER = Decimal("999999999.999999999")


def text(row: RawRow, column: str) -> str | None:
    """A text value as it is; a missing column or a blank value is null."""
    value = row.get(column)
    return value if value is not None and value.strip() else None


def id_of(row: RawRow, column: str) -> str | None:
    """Rule 10: an id without the blanks around it; a whole number is its digits; blank is null."""
    value = (row.get(column) or "").strip(BLANKS)
    if re.fullmatch(r"-?[0-9]+\.0+", value):
        value = value.partition(".")[0]
    return value or None


def is_exact(row: RawRow, column: str) -> bool:
    """Rule 10: not a number beyond what a double holds exactly, or one that shows only its size."""
    value = (row.get(column) or "").strip(BLANKS)
    if re.fullmatch(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+", value):
        return False
    return not re.fullmatch(r"-?[0-9]+\.0+", value) or abs(Decimal(value)) < 2**53


def lowered(row: RawRow, column: str) -> str | None:
    """A text value that is lower-cased and stripped (channel and the types)."""
    value = text(row, column)
    return None if value is None else value.strip().lower()


def parse_offset(offset: str | None) -> timezone:
    """`Z`, `UTC`, `+02:00`, `+0200` or `+02`, at most 14 hours; no offset is UTC."""
    if offset is None or offset in ("Z", "UTC"):
        return UTC
    digits = offset[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if minutes > 59:
        raise ValueError(offset)
    size = timedelta(hours=hours, minutes=minutes)
    if size > timedelta(hours=14):
        raise ValueError(offset)
    return timezone(-size if offset[0] == "-" else size)


def parse_time(value: str | None) -> datetime | None:
    """ISO 8601 text as naive UTC, cut to microseconds; a bare date is midnight; else null."""
    match = TIME_PATTERN.fullmatch((value or "").strip(" "))
    if match is None:
        return None
    part = match.groupdict()
    try:
        local = datetime(
            int(part["year"]),
            int(part["month"]),
            int(part["day"]),
            int(part["hour"] or 0),
            int(part["minute"] or 0),
            int(part["second"] or 0),
            int((part["fraction"] or "")[:6].ljust(6, "0")),
            tzinfo=ZoneInfo(part["zone"]) if part["zone"] else parse_offset(part["offset"]),
        )
        return local.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, ZoneInfoNotFoundError):
        return None


def time_of(row: RawRow, column: str) -> datetime | None:
    """An optional time: one that does not parse counts as null."""
    return parse_time(text(row, column))


def number_of(row: RawRow, column: str) -> Decimal | None:
    """A number of up to nine digits before and after the point, rounded to these; else null."""
    match = NUMBER_PATTERN.fullmatch((text(row, column) or "").strip())
    number = Decimal(match.group()).quantize(NINE_DIGITS, ROUND_HALF_UP) if match else None
    return None if number is None or abs(number) > LARGEST_NUMBER else number


# ---------------------------------------------------------------------------------------------
# Raw rows: rejected or cleaned
# ---------------------------------------------------------------------------------------------


def id_reason(row: RawRow, *columns: str) -> str | None:
    """`missing_id`: one of the row's first two ids is null or blank. `inexact_id`: of any."""
    if any(id_of(row, column) is None for column in columns[:2]):
        return "missing_id"
    return None if all(is_exact(row, column) for column in columns) else "inexact_id"


def time_reason(row: RawRow, column: str) -> str | None:
    """`missing_time`: null or blank. `unreadable_time`: given, but it does not parse."""
    if text(row, column) is None:
        return "missing_time"
    return "unreadable_time" if time_of(row, column) is None else None


def load_reason(row: RawRow, column: str) -> str | None:
    """`time_after_load`: a time more than a day after the row was loaded, where that is known."""
    at, loaded_at = time_of(row, column), time_of(row, "loaded_at")
    if at is None or loaded_at is None:
        return None
    return "time_after_load" if at - loaded_at > DAY else None


def content_reason(row: RawRow) -> str | None:
    """`unreadable_content`: the author type says that the system's staging could not read it."""
    return "unreadable_content" if lowered(row, "author_type") == "unreadable content" else None


def future_reason(row: RawRow, column: str, settings: Settings) -> str | None:
    """`time_in_future`: its own time or that of its load lies more than a day after not_after."""
    times = [at for at in (time_of(row, column), time_of(row, "loaded_at")) if at is not None]
    if settings.not_after is None or not times:
        return None
    return "time_in_future" if max(times) - settings.not_after > DAY else None


def author_reason(row: RawRow) -> str | None:
    """`unknown_author_type`: none of customer, bot, agent, system."""
    return None if lowered(row, "author_type") in AUTHOR_TYPES else "unknown_author_type"


def public_reason(row: RawRow) -> str | None:
    """`unreadable_is_public`: given, but not a boolean."""
    value = lowered(row, "is_public")
    return None if value is None or value in BOOLEANS else "unreadable_is_public"


def message_reason(row: RawRow, settings: Settings) -> str | None:
    """Why a message row cannot be used; the first reason counts; null when it can."""
    return (
        id_reason(row, "message_id", "conversation_id", "author_id")
        or content_reason(row)
        or time_reason(row, "sent_at")
        or author_reason(row)
        or public_reason(row)
        or future_reason(row, "sent_at", settings)
        or load_reason(row, "sent_at")
    )


def event_reason(row: RawRow, settings: Settings) -> str | None:
    """Why an event row cannot be used; the first reason counts; null when it can."""
    return (
        id_reason(row, "event_id", "conversation_id")
        or time_reason(row, "occurred_at")
        or (None if lowered(row, "event_type") else "missing_event_type")
        or future_reason(row, "occurred_at", settings)
        or load_reason(row, "occurred_at")
    )


def conversation_reason(row: RawRow, settings: Settings) -> str | None:
    """Why a conversation row cannot be used: for its ids, or as one from the future."""
    if id_of(row, "conversation_id") is None:
        return "missing_id"
    ids = id_reason(row, "conversation_id", "conversation_id", "customer_id")
    return ids or future_reason(row, "created_at", settings)


def score_reason(row: RawRow) -> str | None:
    """`missing_score`: null or blank; `unreadable_score`: not a number.

    `unusable_max_score`: given, but not a number above 0. `score_out_of_range`: not from 0 to it.
    """
    if text(row, "score") is None:
        return "missing_score"
    score, highest = number_of(row, "score"), max_score_of(row)
    if score is None:
        return "unreadable_score"
    if highest is None or highest <= 0:
        return "unusable_max_score"
    return None if 0 <= score <= highest else "score_out_of_range"


def max_score_of(row: RawRow) -> Decimal | None:
    """The highest score of the scale, 5 by default; null when it is not a number."""
    if text(row, "max_score") is None:
        return DEFAULT_MAX_SCORE
    return number_of(row, "max_score")


def rating_reason(row: RawRow, settings: Settings) -> str | None:
    """Why a rating row cannot be used; the first reason counts; null when it can."""
    return (
        id_reason(row, "rating_id", "conversation_id")
        or time_reason(row, "rated_at")
        or score_reason(row)
        or future_reason(row, "rated_at", settings)
        or load_reason(row, "rated_at")
    )


def clean_message(source: str, row: RawRow) -> Message:
    """A usable message row; `is_public` is true by default."""
    return Message(
        source=source,
        conversation_id=required(id_of(row, "conversation_id")),
        message_id=required(id_of(row, "message_id")),
        sent_at=required(time_of(row, "sent_at")),
        author_type=required(lowered(row, "author_type")),
        author_id=id_of(row, "author_id"),
        is_public=BOOLEANS[lowered(row, "is_public") or "true"],
        topic=text(row, "topic"),
        loaded_at=time_of(row, "loaded_at"),
    )


def clean_event(source: str, row: RawRow) -> Event:
    """A usable event row; an actor type outside customer, bot, agent, system is null."""
    actor_type = lowered(row, "actor_type")
    return Event(
        source=source,
        conversation_id=required(id_of(row, "conversation_id")),
        event_id=required(id_of(row, "event_id")),
        occurred_at=required(time_of(row, "occurred_at")),
        event_type=required(lowered(row, "event_type")),
        actor_type=actor_type if actor_type in AUTHOR_TYPES else None,
        reason=text(row, "reason"),
        loaded_at=time_of(row, "loaded_at"),
    )


def clean_conversation(source: str, row: RawRow) -> Conversation:
    """A usable conversation row, cleaned."""
    return Conversation(
        source=source,
        conversation_id=required(id_of(row, "conversation_id")),
        channel=lowered(row, "channel"),
        brand=text(row, "brand"),
        customer_id=id_of(row, "customer_id"),
        created_at=time_of(row, "created_at"),
        exclusion_reason=text(row, "exclusion_reason"),
        loaded_at=time_of(row, "loaded_at"),
    )


def clean_rating(source: str, row: RawRow) -> Rating:
    """A usable rating row, cleaned."""
    return Rating(
        source=source,
        conversation_id=required(id_of(row, "conversation_id")),
        rating_id=required(id_of(row, "rating_id")),
        rated_at=required(time_of(row, "rated_at")),
        score=required(number_of(row, "score")),
        max_score=required(max_score_of(row)),
        loaded_at=time_of(row, "loaded_at"),
    )


def required(value: T | None) -> T:
    """A value that a usable row always has."""
    assert value is not None
    return value


# ---------------------------------------------------------------------------------------------
# Rule 10: duplicates
# ---------------------------------------------------------------------------------------------


def loaded_time(row: Message | Event | Conversation | Rating) -> datetime | None:
    """Rule 5: "its `loaded_at`, or where it has none its own time"."""
    if row.loaded_at is not None:
        return row.loaded_at
    if isinstance(row, Message):
        return row.sent_at
    if isinstance(row, Event):
        return row.occurred_at
    if isinstance(row, Rating):
        return row.rated_at
    return row.created_at


def row_identity(row: Message | Event | Conversation | Rating) -> Hashable:
    """Rule 10: "A message or event is identified by (source, conversation, id)"; so is a rating."""
    if isinstance(row, Message):
        return (row.source, row.conversation_id, row.message_id)
    if isinstance(row, Event):
        return (row.source, row.conversation_id, row.event_id)
    if isinstance(row, Rating):
        return (row.source, row.conversation_id, row.rating_id)
    return (row.source, row.conversation_id)


def content(row: Message | Event | Conversation | Rating) -> tuple[Any, ...]:
    """The columns whose cleaned values decide between rows that were loaded at the same time."""
    if isinstance(row, Message):
        return (
            row.sent_at,
            row.author_type,
            row.author_id,
            row.is_public,
            row.topic,
            row.loaded_at,
        )
    if isinstance(row, Event):
        return (row.occurred_at, row.event_type, row.actor_type, row.reason, row.loaded_at)
    if isinstance(row, Rating):
        return (row.rated_at, row.score, row.max_score, row.loaded_at)
    return (
        row.channel,
        row.brand,
        row.customer_id,
        row.created_at,
        row.exclusion_reason,
        row.loaded_at,
    )


def precedence(row: Message | Event | Conversation | Rating) -> tuple[tuple[bool, Any], ...]:
    """Rule 10: "the one loaded last counts", then "the greatest content"; null is lowest."""
    return tuple((value is not None, value) for value in (loaded_time(row), *content(row)))


def without_duplicates(rows: Iterable[UsableRow]) -> list[UsableRow]:
    """Rule 10: of several rows with the same identity, the one that takes precedence."""
    winners: dict[Hashable, UsableRow] = {}
    for row in rows:
        rival = winners.get(row_identity(row))
        if rival is None or precedence(row) > precedence(rival):
            winners[row_identity(row)] = row
    return list(winners.values())


# ---------------------------------------------------------------------------------------------
# Rules 1 to 4: from rows to segments
# ---------------------------------------------------------------------------------------------


def is_activity(message: Message) -> bool:
    """Rule 1: "a public message written by a `customer`, a `bot` or an `agent`"."""
    return message.is_public and message.author_type in ACTIVITY_AUTHORS


def boundary_of(event: Event, settings: Settings) -> str:
    """Rule 3: the seed `event_types`; the row of the source itself wins over `*`; else none."""
    for source in (event.source, "*"):
        if (source, event.event_type) in settings.boundaries:
            return settings.boundaries[source, event.event_type]
    return "none"


def with_takeovers(
    timeline: list[Message | Terminal], settings: Settings
) -> list[Message | Terminal]:
    """Rule 3: each takeover, "directly before that message in rule 2's order".

    Takes a conversation's activities and terminal events in that order: a person's message that
    follows a bot's, "with neither a terminal event nor a person's message between them".
    """
    found: list[Message | Terminal] = []
    is_with_bot = False
    for entry in timeline:
        if isinstance(entry, Terminal):
            is_with_bot = False
        elif entry.author_type == "bot":
            is_with_bot = True
        elif entry.author_type == "agent":
            if is_with_bot and entry.source in settings.infer_takeovers:
                found.extend(takeover_by(entry, settings))
            is_with_bot = False
        found.append(entry)
    return found


def takeover_by(message: Message, settings: Settings) -> list[Terminal]:
    """The event `agent_takeover` by the agent, at the time of the message, if it ends anything."""
    event = Event(
        source=message.source,
        conversation_id=message.conversation_id,
        event_id=message.message_id,
        occurred_at=message.sent_at,
        event_type="agent_takeover",
        actor_type="agent",
        reason=None,
        loaded_at=None,
    )
    boundary = boundary_of(event, settings)
    return [] if boundary == "none" else [Terminal(event, boundary, is_takeover=True)]


def timeout_of(channel: str, settings: Settings) -> timedelta:
    """Rule 4: "set per channel (the seed `channel_policies`, with `*` for every other)"."""
    minutes = settings.timeout_minutes
    return timedelta(minutes=minutes[channel] if channel in minutes else minutes["*"])


def timeline_order(entry: Message | Terminal) -> tuple[datetime, int, int, str]:
    """Rule 2: by time, messages before events, `escalated` before `resolved`, then by id."""
    if isinstance(entry, Message):
        return (entry.sent_at, 0, 0, entry.message_id)
    return (entry.at, 1, 0 if entry.boundary == "escalated" else 1, entry.event.event_id)


def start_reason(segments: list[Segment], activity: Message, timeout: timedelta) -> str | None:
    """Rule 4: why an activity starts a new segment; null when it does not."""
    if not segments:
        return "first_contact"
    previous = segments[-1]
    # A terminal event always makes the next activity start a segment. So the terminal events of
    # the segment so far are exactly those since its last (the previous) activity.
    if previous.terminals:
        last = previous.terminals[-1]
        if last.boundary == "resolved":
            return "resolved"
        return "inactivity" if activity.sent_at - last.at > timeout else "escalated"
    # "A gap of exactly the timeout does not cut."
    if activity.sent_at - previous.last_activity_at > timeout:
        return "inactivity"
    return None


def cut(
    conversation: Conversation, timeline: list[Message | Terminal], settings: Settings
) -> list[Segment]:
    """Rule 4: cut a conversation's activities into segments; rule 3: terminal events join them."""
    timeout = timeout_of(required(conversation.channel), settings)
    segments: list[Segment] = []
    for entry in with_takeovers(sorted(timeline, key=timeline_order), settings):
        if isinstance(entry, Terminal):
            if segments:  # rule 3: before the first activity it belongs to nothing
                segments[-1].terminals.append(entry)
            continue
        reason = start_reason(segments, entry, timeout)
        if reason is None:
            segments[-1].activities.append(entry)
        else:
            segments.append(Segment(conversation, len(segments) + 1, reason, timeout, [entry]))
    return segments


# ---------------------------------------------------------------------------------------------
# Rules 5 to 7: end, outcome, kind
# ---------------------------------------------------------------------------------------------


def end_segment(segment: Segment, is_last: bool, as_of: datetime) -> None:
    """Rule 5: the first terminal at or before the deadline; else the deadline; else open."""
    first = segment.terminals[0] if segment.terminals else None
    if first is not None and not segment.is_past_deadline(first.at):
        segment.end_reason, segment.ended_at = first.boundary, first.at
    elif not is_last or segment.is_past_deadline(as_of):
        segment.end_reason = "inactivity"
        segment.ended_at = segment.last_activity_at + segment.timeout


def outcome_of(segment: Segment) -> str:
    """Rule 6: escalated, resolved, timed_out, open; first match wins."""
    if segment.first_terminal("escalated"):
        return "escalated"
    if segment.first_terminal("resolved"):
        return "resolved"
    return "timed_out" if segment.end_reason == "inactivity" else "open"


def is_resolved_late(segment: Segment) -> bool:
    """Rule 6: the outcome is `resolved`, and the first resolution is after the deadline."""
    first = segment.first_terminal("resolved")
    return (
        segment.outcome == "resolved" and first is not None and segment.is_past_deadline(first.at)
    )


def is_after_escalation(segments: list[Segment], segment: Segment) -> bool:
    """Rule 7.3: the last terminal event before the segment is an escalation, and no segment since.

    "... no segment since that escalation, this one included, started by `inactivity` with a bot
    message in it."
    """
    earlier = [other for other in segments if other.number < segment.number]
    with_terminals = [other for other in earlier if other.terminals]
    if not with_terminals or with_terminals[-1].terminals[-1].boundary != "escalated":
        return False
    escalated = with_terminals[-1]
    for other in segments:
        is_since = escalated.number < other.number <= segment.number
        if is_since and other.start_reason == "inactivity" and other.by("bot"):
            return False
    return True


def is_courtesy(segments: list[Segment], segment: Segment, settings: Settings) -> bool:
    """Rule 7.5: only customer messages, starting within `courtesy_minutes` after a resolution."""
    if settings.courtesy_minutes == 0:
        return False
    if len(segment.by("customer")) != len(segment.activities):
        return False
    within = timedelta(minutes=settings.courtesy_minutes)
    for other in segments:
        if other.number < segment.number:
            for terminal in other.terminals:
                if terminal.boundary == "resolved" and segment.started_at - terminal.at <= within:
                    return True
    return False


def is_excluded(segments: list[Segment], conversation: Conversation) -> bool:
    """Rule 7.1: `merged` excludes "unless an escalation belongs to one of its segments"."""
    reason = conversation.exclusion_reason
    if reason is not None and reason.strip().lower() == "merged":
        return not any(segment.first_terminal("escalated") for segment in segments)
    return reason is not None


def kind_of(segments: list[Segment], segment: Segment, settings: Settings) -> str:
    """Rule 7: what kind of segment it is; first match wins."""
    if is_excluded(segments, segment.conversation):
        return "excluded"
    if not any(other.by("bot") for other in segments):
        return "human"
    if segment.is_after_escalation and settings.after_escalation == "handoff":
        return "handoff"
    if not segment.by("customer"):
        return "unengaged"
    if is_courtesy(segments, segment, settings):
        return "courtesy"
    if settings.session_scope == "session" and not segment.by("bot"):
        return "human"
    return "session"


def describe(segments: list[Segment], as_of: datetime, settings: Settings) -> None:
    """Rules 5 to 7 for the segments of one conversation, in order."""
    origin = None
    session_count = 0
    for segment in segments:
        end_segment(segment, segment is segments[-1], as_of)
        segment.outcome = outcome_of(segment)
        segment.is_after_escalation = is_after_escalation(segments, segment)
        segment.kind = kind_of(segments, segment, settings)
        # The contact: each after-escalation segment belongs to the nearest earlier one that is not.
        if not segment.is_after_escalation:
            origin = segment
        segment.origin = origin
        if segment.kind == "session":
            session_count += 1
            segment.session_number = session_count


# ---------------------------------------------------------------------------------------------
# Ratings
# ---------------------------------------------------------------------------------------------


def segment_before(segments: list[Segment], rating: Rating) -> Segment | None:
    """The last segment that started at or before the rating.

    A greeting that nobody answered and a courtesy are no support that could be rated.
    """
    before = None
    for segment in segments:
        is_support = segment.kind not in ("unengaged", "courtesy")
        if is_support and segment.started_at <= rating.rated_at:
            before = segment
    return before


def rated_segment(segments: list[Segment], rating: Rating) -> Segment | None:
    """What is rated: the session of the segment before the rating, else that segment itself."""
    before = segment_before(segments, rating)
    return before.session or before if before is not None else None


def counted_ratings(segments: list[Segment], ratings: list[Rating]) -> dict[str, Rating]:
    """Of several ratings of one segment the last; at the same time the one of the greatest id."""
    counted: dict[str, Rating] = {}
    for rating in sorted(ratings, key=lambda each: (each.rated_at, each.rating_id)):
        rated = rated_segment(segments, rating)
        if rated is not None:
            counted[rated.segment_id] = rating
    return counted


def rating_rows(segments: list[Segment], ratings: list[Rating]) -> list[Row]:
    """The rows of `ratings` of one conversation."""
    counted = counted_ratings(segments, ratings).values()
    rows = []
    for rating in ratings:
        before = segment_before(segments, rating)
        rows.append(
            {
                "rating_id": rating.rating_id,
                "source": rating.source,
                "conversation_id": rating.conversation_id,
                "rated_at": rating.rated_at,
                "score": float(rating.score),
                "max_score": float(rating.max_score),
                "csat_score": rating.csat_score,
                "segment_id": before and before.segment_id,
                "session_id": before and before.session_id,
                "segment_kind": before and before.kind,
                "is_counted": any(rating is other for other in counted),
            }
        )
    return rows


def add_csat_scores(rows: Iterable[Row], key: str, counted: dict[str, Rating]) -> None:
    """Fill csat_score of sessions or segments; null where nobody rated."""
    for row in rows:
        rating = counted.get(row[key])
        row["csat_score"] = None if rating is None else rating.csat_score


def score_sum(rows: Iterable[Row]) -> float:
    """The sum of the csat_scores, each to nine digits; 0 without one."""
    scores = (row["csat_score"] for row in rows if row["csat_score"] is not None)
    return float(sum((Decimal(score).quantize(NINE_DIGITS) for score in scores), Decimal(0)))


def satisfaction(rows: list[Row]) -> dict[str, Any]:
    """Counts and rates of the ratings of some closed sessions or segments."""
    rated = [row for row in rows if row["csat_score"] is not None]
    return {
        "closed_segments": len(rows),
        "rated_segments": len(rated),
        "csat_score_sum": score_sum(rated),
        "response_rate": ratio(len(rated), len(rows)),
        "csat_score": ratio(score_sum(rated), len(rated)),
    }


def outcome_group(segment: Row) -> str | None:
    """contained or escalated sessions, or people alone; null for what is open or none of them."""
    if segment["outcome"] == "open":
        return None
    if segment["segment_kind"] == "session":
        return "contained" if segment["is_contained"] else "escalated"
    return "human_only" if segment["segment_kind"] == "human" else None


def satisfaction_rows(segments: list[Row]) -> list[Row]:
    """One row per started_date, source, brand, channel and outcome_group."""
    names = ("started_date", "source", "brand", "channel")
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for segment in segments:
        group = outcome_group(segment)
        if group is not None:
            groups.setdefault((*(segment[name] for name in names), group), []).append(segment)
    return [
        {**dict(zip((*names, "outcome_group"), key, strict=True)), **satisfaction(rows)}
        for key, rows in groups.items()
    ]


# ---------------------------------------------------------------------------------------------
# Columns of segments and sessions
# ---------------------------------------------------------------------------------------------


def seconds(start: datetime, end: datetime) -> float:
    """An exact difference in microseconds, as seconds."""
    return (end - start).total_seconds()


def local_date(at: datetime, settings: Settings) -> date:
    """Rule 8: the day in the reporting time zone."""
    zone = ZoneInfo(settings.reporting_timezone)
    return at.replace(tzinfo=UTC).astimezone(zone).date()


def bot_name(message: Message) -> str:
    """The bot that wrote a message: its author id, or `unknown`."""
    return message.author_id if message.author_id is not None else "unknown"


def first_bot_reply_seconds(segment: Segment) -> float | None:
    """From the segment's first customer message to the first bot message after it."""
    asked_at = None
    for message in segment.activities:
        if asked_at is None and message.author_type == "customer":
            asked_at = message.sent_at
        elif asked_at is not None and message.author_type == "bot":
            return seconds(asked_at, message.sent_at)
    return None


def following_handling(segments: list[Segment], session: Segment) -> list[Segment]:
    """The after-escalation segments of the session's contact that follow it."""
    return [
        other
        for other in segments
        if other.number > session.number
        and other.is_after_escalation
        and other.origin is session.origin
    ]


def handoff_times(segments: list[Segment], session: Segment) -> tuple[float | None, float | None]:
    """`handoff_wait_seconds` (to the first agent message), `handoff_seconds` (to the last one).

    Rule 3 of a takeover: "Its `handoff_wait_seconds` is null."
    """
    escalation = session.first_terminal("escalated")
    handling = following_handling(segments, session)
    if escalation is None or not handling:
        return None, None
    agent_messages = [message for other in handling for message in other.by("agent")]
    wait = seconds(escalation.at, agent_messages[0].sent_at) if agent_messages else None
    wait = None if escalation.is_takeover else wait
    return wait, seconds(escalation.at, handling[-1].last_activity_at)


def shared_columns(segment: Segment, settings: Settings) -> Row:
    """The columns that `segments` and `sessions` have in common."""
    bots = segment.by("bot")
    topics = [message.topic for message in segment.activities if message.topic is not None]
    escalation = segment.first_terminal("escalated")
    resolution = segment.first_terminal("resolved")
    return {
        "source": segment.conversation.source,
        "conversation_id": segment.conversation.conversation_id,
        "segment_number": segment.number,
        "session_id": segment.session_id,
        "brand": segment.conversation.brand,
        "channel": segment.conversation.channel,
        "customer_id": segment.conversation.customer_id,
        "started_at": segment.started_at,
        "started_date": local_date(segment.started_at, settings),
        "last_activity_at": segment.last_activity_at,
        "ended_at": segment.ended_at,
        "start_reason": segment.start_reason,
        "end_reason": segment.end_reason,
        "outcome": segment.outcome,
        "is_contained": segment.is_contained,
        "is_resolved_late": is_resolved_late(segment),
        "is_bot_involved": bool(bots),
        "is_human_involved": bool(segment.by("agent")),
        "customer_message_count": len(segment.by("customer")),
        "bot_message_count": len(bots),
        "agent_message_count": len(segment.by("agent")),
        "bot_id": bot_name(bots[0]) if bots else None,
        "last_bot_id": bot_name(bots[-1]) if bots else None,
        "topic": topics[0] if topics else None,
        "last_topic": topics[-1] if topics else None,
        "escalated_at": escalation.at if escalation else None,
        "escalated_by": escalation.event.actor_type if escalation else None,
        "escalation_reason": escalation.event.reason if escalation else None,
        "resolved_at": resolution.at if resolution else None,
        "resolved_by": resolution.event.actor_type if resolution else None,
        "first_bot_reply_seconds": first_bot_reply_seconds(segment),
        "duration_seconds": seconds(segment.started_at, segment.last_activity_at),
    }


def segment_row(segment: Segment, settings: Settings) -> Row:
    """One row of `segments`."""
    return {
        "segment_id": segment.segment_id,
        "segment_kind": segment.kind,
        **shared_columns(segment, settings),
    }


def session_row(segments: list[Segment], session: Segment, settings: Settings) -> Row:
    """One row of `sessions`, but for what the customer's other sessions say (`add_recontacts`)."""
    wait, handling = handoff_times(segments, session)
    return {
        **shared_columns(session, settings),
        "session_number": session.session_number,
        "handoff_wait_seconds": wait,
        "handoff_seconds": handling,
    }


def customer_key(session: Row) -> Hashable:
    """Rule 8: "The customer is `customer_id`, or the conversation where that is unknown"."""
    if session["customer_id"] is not None:
        return (session["source"], "customer", session["customer_id"])
    return (session["source"], "conversation", session["conversation_id"])


def next_session_started_at(session: Row, sessions: list[Row]) -> datetime | None:
    """The customer's earliest session start strictly after this session's end; null while open."""
    if session["ended_at"] is None:
        return None
    starts = [
        other["started_at"]
        for other in sessions
        if customer_key(other) == customer_key(session)
        and other["started_at"] > session["ended_at"]
    ]
    return min(starts, default=None)


def is_recontacted(session: Row, within: timedelta, as_of: datetime) -> bool | None:
    """Rule 8: another session starts within that time after `ended_at`; null until known."""
    ended_at, next_at = session["ended_at"], session["next_session_started_at"]
    if session["outcome"] == "open" or ended_at is None or as_of - ended_at < within:
        return None
    return next_at is not None and next_at - ended_at <= within


def add_recontacts(sessions: list[Row], as_of: datetime) -> None:
    """Fill the columns of each session that look at the same customer's other sessions."""
    by_customer: dict[Hashable, list[Row]] = {}
    for session in sessions:
        by_customer.setdefault(customer_key(session), []).append(session)
    for session in sessions:
        others = by_customer[customer_key(session)]
        session["next_session_started_at"] = next_session_started_at(session, others)
        session["is_recontacted_24h"] = is_recontacted(session, DAY, as_of)
        session["is_recontacted_7d"] = is_recontacted(session, WEEK, as_of)


# ---------------------------------------------------------------------------------------------
# Messages, conversations, daily rates
# ---------------------------------------------------------------------------------------------


def message_rows(segment: Segment) -> list[Row]:
    """The rows of `messages`: one row per activity of the segment."""
    return [
        {
            "message_id": message.message_id,
            "source": message.source,
            "conversation_id": message.conversation_id,
            "segment_id": segment.segment_id,
            "session_id": segment.session_id,
            "segment_kind": segment.kind,
            "author_type": message.author_type,
            "author_id": message.author_id,
            "sent_at": message.sent_at,
            "position_in_segment": position,
        }
        for position, message in enumerate(segment.activities, start=1)
    ]


def ratio(numerator: float, denominator: int) -> float | None:
    """Rule 8: "every one a ratio of counts of the same rows; null at a zero denominator"."""
    return numerator / denominator if denominator else None


def conversation_row(conversation: Conversation, segments: list[Segment]) -> Row:
    """One row of `conversations`."""
    activities = [message for segment in segments for message in segment.activities]
    sessions = [segment for segment in segments if segment.kind == "session"]
    closed = [session for session in sessions if session.outcome != "open"]
    contained = [session for session in closed if session.is_contained]
    return {
        "source": conversation.source,
        "conversation_id": conversation.conversation_id,
        "brand": conversation.brand,
        "channel": conversation.channel,
        "customer_id": conversation.customer_id,
        "created_at": conversation.created_at,
        "exclusion_reason": conversation.exclusion_reason,
        "has_bot": any(message.author_type == "bot" for message in activities),
        "message_count": len(activities),
        "segment_count": len(segments),
        "session_count": len(sessions),
        "closed_session_count": len(closed),
        "contained_session_count": len(contained),
        "containment_rate": ratio(len(contained), len(closed)),
        "first_activity_at": activities[0].sent_at if activities else None,
        "last_activity_at": activities[-1].sent_at if activities else None,
    }


def wilson(successes: int, trials: int) -> tuple[float | None, float | None]:
    """Rule 8: the 95 % Wilson interval of a rate; null at a zero denominator."""
    if trials == 0:
        return None, None
    rate, z2 = successes / trials, WILSON_Z * WILSON_Z
    centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = rate * (1 - rate) / trials + z2 / (4 * trials * trials)
    half_width = WILSON_Z * sqrt(spread) / (1 + z2 / trials)
    return max(0.0, centre - half_width), min(1.0, centre + half_width)


def daily_counts(sessions: list[Row]) -> dict[str, int]:
    """Rule 8: the numerators and denominators of the rates."""

    def count(condition: Callable[[Row], bool]) -> int:
        return sum(1 for session in sessions if condition(session))

    return {
        "closed_sessions": count(lambda s: s["outcome"] != "open"),
        "open_sessions": count(lambda s: s["outcome"] == "open"),
        "contained_sessions": count(lambda s: s["is_contained"] is True),
        "escalated_sessions": count(lambda s: s["outcome"] == "escalated"),
        "resolved_sessions": count(lambda s: s["outcome"] == "resolved"),
        "timed_out_sessions": count(lambda s: s["outcome"] == "timed_out"),
        "bot_involved_sessions": count(lambda s: s["outcome"] != "open" and s["is_bot_involved"]),
        "bot_contained_sessions": count(
            lambda s: s["is_contained"] is True and s["is_bot_involved"]
        ),
        "automated_sessions": count(
            lambda s: (
                s["is_contained"] is True and s["is_bot_involved"] and not s["is_human_involved"]
            )
        ),
        # is_recontacted_* is null until as_of >= ended_at + that time: "old enough to know".
        "matured_24h_sessions": count(
            lambda s: s["is_contained"] is True and s["is_recontacted_24h"] is not None
        ),
        "durable_24h_sessions": count(
            lambda s: s["is_contained"] is True and s["is_recontacted_24h"] is False
        ),
        "matured_7d_sessions": count(
            lambda s: s["is_contained"] is True and s["is_recontacted_7d"] is not None
        ),
        "durable_7d_sessions": count(
            lambda s: s["is_contained"] is True and s["is_recontacted_7d"] is False
        ),
    }


def daily_satisfaction(sessions: list[Row]) -> dict[str, Any]:
    """The ratings of the closed sessions, and of those of one outcome alone."""
    closed = [session for session in sessions if session["outcome"] != "open"]
    every = satisfaction(closed)
    contained = satisfaction([session for session in closed if session["is_contained"]])
    escalated = satisfaction([session for session in closed if not session["is_contained"]])
    return {
        "rated_sessions": every["rated_segments"],
        "rated_contained_sessions": contained["rated_segments"],
        "rated_escalated_sessions": escalated["rated_segments"],
        "csat_score_sum": every["csat_score_sum"],
        "contained_csat_score_sum": contained["csat_score_sum"],
        "escalated_csat_score_sum": escalated["csat_score_sum"],
        "response_rate": every["response_rate"],
        "csat_score": every["csat_score"],
        "contained_csat_score": contained["csat_score"],
        "escalated_csat_score": escalated["csat_score"],
    }


def rates(n: dict[str, int]) -> dict[str, float | None]:
    """Rule 8: the rates, each from the counts of the same rows."""
    low, high = wilson(n["contained_sessions"], n["closed_sessions"])
    return {
        "containment_rate": ratio(n["contained_sessions"], n["closed_sessions"]),
        "escalation_rate": ratio(n["escalated_sessions"], n["closed_sessions"]),
        "resolution_rate": ratio(n["resolved_sessions"], n["closed_sessions"]),
        "timeout_rate": ratio(n["timed_out_sessions"], n["closed_sessions"]),
        "bot_containment_rate": ratio(n["bot_contained_sessions"], n["bot_involved_sessions"]),
        "automation_rate": ratio(n["automated_sessions"], n["closed_sessions"]),
        "durable_containment_rate_24h": ratio(n["durable_24h_sessions"], n["matured_24h_sessions"]),
        "durable_containment_rate_7d": ratio(n["durable_7d_sessions"], n["matured_7d_sessions"]),
        "containment_rate_low": low,
        "containment_rate_high": high,
    }


def containment_daily_rows(sessions: list[Row]) -> list[Row]:
    """One row per started_date, source, brand, channel and bot_id (`none` without a bot)."""
    groups: dict[tuple[date, str, str, str, str], list[Row]] = {}
    for session in sessions:
        bot_id = "none" if session["bot_id"] is None else session["bot_id"]
        key = (
            session["started_date"],
            session["source"],
            session["brand"],
            session["channel"],
            bot_id,
        )
        groups.setdefault(key, []).append(session)
    rows = []
    for key in sorted(groups):
        counts = daily_counts(groups[key])
        names = ("started_date", "source", "brand", "channel", "bot_id")
        satisfied = daily_satisfaction(groups[key])
        rows.append({**dict(zip(names, key, strict=True)), **counts, **rates(counts), **satisfied})
    return rows


# ---------------------------------------------------------------------------------------------
# Marts that ask why, and what if
# ---------------------------------------------------------------------------------------------


def drawn_days(started: list[datetime], settings: Settings) -> tuple[date, date]:
    """The first and the last day with a session that is drawn.

    "A stretch of sessions ends where more than 400 days follow without one. The stretch with the
    most sessions is drawn, of equal ones the latest; and all up to another one of at least 50
    sessions that are a hundredth of all, at most twenty years away."
    """
    stretches: list[list[datetime]] = []
    for at in sorted(started):
        if not stretches or at.date() - stretches[-1][-1].date() > DRAWN_GAP:
            stretches.append([])
        stretches[-1].append(at)
    main = max(stretches, key=lambda stretch: (len(stretch), stretch[-1]))
    drawn = [main]
    for other in stretches:
        earlier, later = sorted((main, other))
        is_near = later[0] - earlier[-1] <= timedelta(days=7305)
        if len(other) >= max(50, len(started) / 100) and is_near:
            drawn.append(other)
    ends = [local_date(at, settings) for stretch in drawn for at in (stretch[0], stretch[-1])]
    return min(ends), max(ends)


def containment_trend_rows(sessions: list[Row], as_of: datetime, settings: Settings) -> list[Row]:
    """One row per calendar period of the days that are drawn, empty ones too."""
    if not sessions:
        return []
    today = local_date(as_of, settings)
    first, last = drawn_days([session["started_at"] for session in sessions], settings)
    last = max(last, min(today, last + DRAWN_GAP))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    rows = []
    for kind, start_of in PERIODS.items():
        before: Row | None = None
        for start in sorted({start_of(day) for day in days}):
            counts = daily_counts([s for s in sessions if start_of(s["started_date"]) == start])
            row: Row = {
                "period_kind": kind,
                "period_start_date": start,
                "is_complete": all(day < today for day in days if start_of(day) == start),
                **counts,
                **rates(counts),
            }
            for name in PREVIOUS:
                row[f"previous_{name}"] = None if before is None else before[name]
            rows.append(row | change(row, before))
            before = row
    return rows


PERIODS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
}
PREVIOUS = (
    *("period_start_date", "closed_sessions", "contained_sessions"),
    *("containment_rate", "containment_rate_low", "containment_rate_high"),
)


def change(now: Row, before: Row | None) -> dict[str, float | None]:
    """The change of the rate in points, with Newcombe's interval; null where a rate is missing."""
    names = ("containment_rate", "containment_rate_low", "containment_rate_high")
    if before is None or now["containment_rate"] is None or before["containment_rate"] is None:
        return dict.fromkeys(f"containment_rate_change{end}" for end in ("", "_low", "_high"))
    (rate, low, high), (old, old_low, old_high) = (
        [row[name] for name in names] for row in (now, before)
    )
    down = sqrt((rate - low) ** 2 + (old_high - old) ** 2)
    up = sqrt((high - rate) ** 2 + (old - old_low) ** 2)
    return {
        "containment_rate_change": 100 * (rate - old),
        "containment_rate_change_low": 100 * (rate - old - down),
        "containment_rate_change_high": 100 * (rate - old + up),
    }


def containment_funnel_rows(conversations: list[Row], sessions: list[Row]) -> list[Row]:
    """One row per channel and step; each step asks for one thing more than the one before."""
    questions: dict[str, Callable[[Row], bool]] = {
        "sessions": lambda session: True,
        "closed": lambda session: session["outcome"] != "open",
        "bot_involved": lambda session: session["is_bot_involved"],
        "contained": lambda session: session["is_contained"],
        "matured": lambda session: session["is_recontacted_7d"] is not None,
        "stayed_contained": lambda session: not session["is_recontacted_7d"],
    }
    rows = []
    for channel in sorted({conversation["channel"] for conversation in conversations}):
        here = [each for each in conversations if each["channel"] == channel]
        left = [session for session in sessions if session["channel"] == channel]
        steps = [("conversations", len(here), sum(each["segment_count"] for each in here))]
        for step, question in questions.items():
            left = [session for session in left if question(session)]
            threads = {(session["source"], session["conversation_id"]) for session in left}
            steps.append((step, len(threads), len(left)))
        before = None
        for number, (step, threads, segments) in enumerate(steps, start=1):
            rows.append(
                {
                    "channel": channel,
                    "step_number": number,
                    "step": step,
                    "conversation_count": threads,
                    "segment_count": segments,
                    "share_of_previous_step": None if before is None else ratio(segments, before),
                }
            )
            before = segments
    return rows


def containment_changes_rows(sessions: list[Row], trend: list[Row]) -> list[Row]:
    """What each channel, brand, bot and topic added to the change between two periods."""
    rows = []
    for period in trend:
        kind, start, old_start = (
            period[name]
            for name in ("period_kind", "period_start_date", "previous_period_start_date")
        )
        if kind == "day" or period["containment_rate_change"] is None:
            continue
        closed = [session for session in sessions if session["outcome"] != "open"]
        now = [s for s in closed if PERIODS[kind](s["started_date"]) == start]
        before = [s for s in closed if PERIODS[kind](s["started_date"]) == old_start]
        headline = (period["containment_rate"] + period["previous_containment_rate"]) / 2
        for dimension, column in DIMENSIONS.items():
            for value in {session[column] for session in (*now, *before)}:
                parts = []
                for sessions_then in (now, before):
                    here = [s for s in sessions_then if s[column] == value]
                    contained = sum(1 for s in here if s["is_contained"])
                    low, high = wilson(contained, len(here))
                    parts.append(
                        {
                            "closed_sessions": len(here),
                            "contained_sessions": contained,
                            "containment_rate": ratio(contained, len(here)),
                            "share_of_sessions": len(here) / len(sessions_then),
                            "containment_rate_low": low,
                            "containment_rate_high": high,
                        }
                    )
                this, old = parts
                # "A value that is new, or gone, has one rate: its effect is all mix."
                known = [part["containment_rate"] for part in parts if part["closed_sessions"]]
                rate, old_rate = known[0], known[-1]
                share, old_share = this["share_of_sessions"], old["share_of_sessions"]
                rows.append(
                    {
                        "period_kind": kind,
                        "period_start_date": start,
                        "previous_period_start_date": old_start,
                        "is_complete": period["is_complete"],
                        "dimension": dimension,
                        "dimension_value": "none" if value is None else value,
                        **{name: this[name] for name in SIDE},
                        **{f"previous_{name}": old[name] for name in SIDE},
                        **change(this, old),
                        "rate_effect": 100 * (share + old_share) / 2 * (rate - old_rate),
                        "mix_effect": 100
                        * (share - old_share)
                        * ((rate + old_rate) / 2 - headline),
                        "headline_change": period["containment_rate_change"],
                    }
                )
    return rows


DIMENSIONS = {"channel": "channel", "brand": "brand", "bot": "bot_id", "topic": "topic"}
SIDE = ("closed_sessions", "contained_sessions", "containment_rate", "share_of_sessions")


def timeout_sensitivity_rows(
    known: dict[tuple[str, str], Conversation],
    entries: dict[tuple[str, str], list[Message | Terminal]],
    as_of: datetime,
    settings: Settings,
) -> list[Row]:
    """What each channel, and all of them (`*`), would be if every channel had such a timeout.

    Channels that have no session at any of the timeouts have no rows.
    """
    # By whether they are all channels, too: a channel may itself be named `*`.
    found: dict[tuple[str, bool, int], list[Segment]] = {}
    for minutes in COMPARED_TIMEOUTS:
        other = replace(settings, timeout_minutes={"*": minutes})
        for key, conversation in known.items():
            segments = cut(conversation, entries.get(key, []), other)
            describe(segments, as_of, other)
            sessions = [segment for segment in segments if segment.kind == "session"]
            for channel, is_every in ((required(conversation.channel), False), ("*", True)):
                found.setdefault((channel, is_every, minutes), []).extend(sessions)
    channels = {(channel, is_every) for (channel, is_every, _), some in found.items() if some}
    rows = []
    for key in sorted(key for key in found if key[:2] in channels):
        channel, is_every, minutes = key
        outcomes = [session.outcome for session in found[key]]
        still_open, escalated = outcomes.count("open"), outcomes.count("escalated")
        closed = len(outcomes) - still_open
        low, high = wilson(closed - escalated, closed)
        rows.append(
            {
                "channel": channel,
                "is_every_channel": is_every,
                "timeout_minutes": minutes,
                "closed_sessions": closed,
                "open_sessions": still_open,
                "contained_sessions": closed - escalated,
                "escalated_sessions": escalated,
                "containment_rate": ratio(closed - escalated, closed),
                "containment_rate_low": low,
                "containment_rate_high": high,
            }
        )
    return rows


# ---------------------------------------------------------------------------------------------
# The whole
# ---------------------------------------------------------------------------------------------

READERS: dict[str, tuple[Callable[[RawRow], str | None], Callable[[str, RawRow], Any]]] = {
    "conversations": (conversation_reason, clean_conversation),
    "messages": (message_reason, clean_message),
    "events": (event_reason, clean_event),
    "ratings": (rating_reason, clean_rating),
}


def read_table(
    source: str, table: str, raw_rows: list[RawRow], result: Result, settings: Settings
) -> tuple[list[Any], list[datetime]]:
    """One raw table: its used rows and the loaded times of all usable ones; the rest is reported.

    "For every source and table: rows read = rows used + duplicates + rejected."
    """
    reason_of, clean = READERS[table]
    usable = []
    for raw_row in raw_rows:
        reason = reason_of(raw_row, settings)
        if reason is None:
            usable.append(clean(source, raw_row))
        else:
            result.rejected_rows.append({"source": source, "table_name": table, "reason": reason})
    used = without_duplicates(usable)
    result.row_reconciliation.append(
        {
            "source": source,
            "table_name": table,
            "rows_read": len(raw_rows),
            "rows_used": len(used),
            "rows_duplicate": len(usable) - len(used),
            "rows_rejected": len(raw_rows) - len(usable),
        }
    )
    return used, [at for at in map(loaded_time, usable) if at is not None]


def known_conversations(
    conversations: list[Conversation], messages: list[Message], events: list[Event]
) -> dict[tuple[str, str], Conversation]:
    """Every conversation: by its own row, or known only from a message or an event.

    A channel or brand that is not known is called `unknown`, after the duplicates are settled.
    """
    known = {(row.source, row.conversation_id): row for row in conversations}
    for row in (*messages, *events):
        key = (row.source, row.conversation_id)
        known.setdefault(key, Conversation(*key))
    return {
        key: replace(row, channel=row.channel or "unknown", brand=row.brand or "unknown")
        for key, row in sorted(known.items())
    }


def timelines(
    messages: list[Message], events: list[Event], settings: Settings
) -> dict[tuple[str, str], list[Message | Terminal]]:
    """Rules 1 and 3: the activities and terminal events of each conversation."""
    entries: dict[tuple[str, str], list[Message | Terminal]] = {}
    for message in messages:
        if is_activity(message):
            entries.setdefault((message.source, message.conversation_id), []).append(message)
    for event in events:
        boundary = boundary_of(event, settings)
        if boundary != "none":
            key = (event.source, event.conversation_id)
            entries.setdefault(key, []).append(Terminal(event, boundary))
    return entries


def compute(raw: dict[str, dict[str, list[RawRow]]], settings: Settings) -> Result:
    """All marts from the raw rows, by the rules of SESSIONS.md."""
    result = Result()
    used: dict[str, list[Any]] = {table: [] for table in TABLES}
    loaded: list[datetime] = []
    for source in sorted(raw):
        for table in TABLES:
            rows, times = read_table(source, table, raw[source].get(table, []), result, settings)
            used[table].extend(rows)
            # A rating says nothing of the silence that as_of judges.
            loaded.extend(times if table != "ratings" else [])
    # Rule 5: "by default the newest time at which a usable row was loaded"; rule 10: "the default
    # `as_of` is at most `not_after`".
    as_of = max(loaded, default=None)
    if as_of is not None and settings.not_after is not None:
        as_of = min(as_of, settings.not_after)
    if settings.as_of is not None:
        as_of = settings.as_of
    result.as_of = as_of

    entries = timelines(used["messages"], used["events"], settings)
    ratings: dict[tuple[str, str], list[Rating]] = {}
    for rating in used["ratings"]:
        ratings.setdefault((rating.source, rating.conversation_id), []).append(rating)
    counted: dict[str, Rating] = {}
    known = known_conversations(used["conversations"], used["messages"], used["events"])
    for key, conversation in known.items():
        segments = cut(conversation, entries.get(key, []), settings)
        if segments:
            describe(segments, required(as_of), settings)
        result.ratings.extend(rating_rows(segments, ratings.get(key, [])))
        counted |= counted_ratings(segments, ratings.pop(key, []))
        result.conversations.append(conversation_row(conversation, segments))
        for segment in segments:
            result.segments.append(segment_row(segment, settings))
            result.messages.extend(message_rows(segment))
            if segment.kind == "session":
                result.sessions.append(session_row(segments, segment, settings))
    for strangers in ratings.values():  # of conversations that are not known
        result.ratings.extend(rating_rows([], strangers))
    add_csat_scores(result.sessions, "session_id", counted)
    add_csat_scores(result.segments, "segment_id", counted)
    result.satisfaction = satisfaction_rows(result.segments)
    if result.sessions:
        add_recontacts(result.sessions, required(as_of))
    result.containment_daily = containment_daily_rows(result.sessions)
    result.containment_funnel = containment_funnel_rows(result.conversations, result.sessions)
    if as_of is not None:
        result.containment_trend = containment_trend_rows(result.sessions, as_of, settings)
        result.containment_changes = containment_changes_rows(
            result.sessions, result.containment_trend
        )
        result.timeout_sensitivity = timeout_sensitivity_rows(known, entries, as_of, settings)
    return result
