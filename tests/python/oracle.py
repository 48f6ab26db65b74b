"""The session rules, written down a second time, in plain Python.

An independent oracle: the tests compare what the SQL models compute with what this module computes
from the same raw rows. It is written to be read beside RULES.md, rule by rule, with
straightforward loops and no regard for speed. Nothing here is taken from the models.

All times inside are naive datetimes in UTC. Durations are compared as differences of times.
"""

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from hashlib import md5
from itertools import islice
from math import ceil, pi, sqrt
from statistics import median
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Attributes = tuple[tuple[str, str], ...]  # names with values, in the order of the setting
RawRow = dict[str, "str | None"]
Row = dict[str, Any]
T = TypeVar("T")
UsableRow = TypeVar("UsableRow", "Message", "Event", "Conversation", "Rating", "Claim")

UTC = timezone(timedelta(0))
TABLES = ("conversations", "messages", "events", "ratings", "claims")
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
class Price:
    """A row of the lookup of prices."""

    source: str
    channel: str
    from_date: date
    to_date: date | None
    contact_cost: float
    session_cost: float
    currency: str


@dataclass(frozen=True)
class Release:
    """A row of the lookup of releases."""

    source: str
    bot_id: str
    release: str
    released_at: datetime


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
    prices: tuple[Price, ...] = ()
    attributes: tuple[str, ...] = ()
    releases: tuple[Release, ...] = ()
    claim_outcomes: dict[tuple[str, str], bool] = field(default_factory=dict)
    signal_minimum_sessions: int = 30
    signal_base: tuple[date, date] | None = None
    signal_rules: tuple[str, ...] = ("beyond_three_sigma",)


@dataclass
class Result:
    """The marts: lists of rows, each a dict of column name to value."""

    sessions: list[Row] = field(default_factory=list)
    segments: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    conversations: list[Row] = field(default_factory=list)
    containment_daily: list[Row] = field(default_factory=list)
    demand: list[Row] = field(default_factory=list)
    value: list[Row] = field(default_factory=list)
    durable_estimates: list[Row] = field(default_factory=list)
    session_attributes: list[Row] = field(default_factory=list)
    bot_releases_compared: list[Row] = field(default_factory=list)
    experiments: list[Row] = field(default_factory=list)
    ratings: list[Row] = field(default_factory=list)
    satisfaction: list[Row] = field(default_factory=list)
    claims_audited: list[Row] = field(default_factory=list)
    containment_trend: list[Row] = field(default_factory=list)
    containment_funnel: list[Row] = field(default_factory=list)
    containment_changes: list[Row] = field(default_factory=list)
    timeout_sensitivity: list[Row] = field(default_factory=list)
    control_charts: list[Row] = field(default_factory=list)
    signals: list[Row] = field(default_factory=list)
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
    attributes: Attributes = ()


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
    attributes: Attributes = ()


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
class Claim:
    """A usable claim row, cleaned."""

    source: str
    conversation_id: str
    claim_id: str
    claimed_at: datetime
    outcome: str
    amount: Decimal | None
    currency: str | None
    loaded_at: datetime | None


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


def claim_reason(row: RawRow, settings: Settings) -> str | None:
    """Why a claim row cannot be used; the first reason counts; null when it can."""
    is_amount_lost = text(row, "amount") is not None and number_of(row, "amount") is None
    return (
        id_reason(row, "claim_id", "conversation_id")
        or time_reason(row, "claimed_at")
        or (None if lowered(row, "outcome") else "missing_outcome")
        or ("unreadable_amount" if is_amount_lost else None)
        or future_reason(row, "claimed_at", settings)
        or load_reason(row, "claimed_at")
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


def clean_claim(source: str, row: RawRow) -> Claim:
    """A usable claim row, cleaned."""
    currency = lowered(row, "currency")
    return Claim(
        source=source,
        conversation_id=required(id_of(row, "conversation_id")),
        claim_id=required(id_of(row, "claim_id")),
        claimed_at=required(time_of(row, "claimed_at")),
        outcome=required(lowered(row, "outcome")),
        amount=number_of(row, "amount"),
        currency=None if currency is None else currency.upper(),
        loaded_at=time_of(row, "loaded_at"),
    )


def required(value: T | None) -> T:
    """A value that a usable row always has."""
    assert value is not None
    return value


# ---------------------------------------------------------------------------------------------
# Rule 10: duplicates
# ---------------------------------------------------------------------------------------------


def loaded_time(row: Message | Event | Conversation | Rating | Claim) -> datetime | None:
    """Rule 5: its `loaded_at`, or its own time if it has none."""
    if row.loaded_at is not None:
        return row.loaded_at
    if isinstance(row, Message):
        return row.sent_at
    if isinstance(row, Event):
        return row.occurred_at
    if isinstance(row, Rating):
        return row.rated_at
    if isinstance(row, Claim):
        return row.claimed_at
    return row.created_at


def row_identity(row: Message | Event | Conversation | Rating | Claim) -> Hashable:
    """Rule 10: source, conversation and id identify a message, an event, a rating, a claim."""
    if isinstance(row, Message):
        return (row.source, row.conversation_id, row.message_id)
    if isinstance(row, Event):
        return (row.source, row.conversation_id, row.event_id)
    if isinstance(row, Rating):
        return (row.source, row.conversation_id, row.rating_id)
    if isinstance(row, Claim):
        return (row.source, row.conversation_id, row.claim_id)
    return (row.source, row.conversation_id)


def content(row: Message | Event | Conversation | Rating | Claim) -> tuple[Any, ...]:
    """The columns whose cleaned values decide between rows that were loaded at the same time."""
    if isinstance(row, Message):
        return (
            row.sent_at,
            row.author_type,
            row.author_id,
            row.is_public,
            row.topic,
            as_json(row.attributes),
            row.loaded_at,
        )
    if isinstance(row, Event):
        return (row.occurred_at, row.event_type, row.actor_type, row.reason, row.loaded_at)
    if isinstance(row, Rating):
        return (row.rated_at, row.score, row.max_score, row.loaded_at)
    if isinstance(row, Claim):
        return (row.claimed_at, row.outcome, row.amount, row.currency, row.loaded_at)
    return (
        row.channel,
        row.brand,
        row.customer_id,
        row.created_at,
        row.exclusion_reason,
        as_json(row.attributes),
        row.loaded_at,
    )


def as_json(attributes: Attributes) -> str | None:
    """Attributes as they are compared: JSON, a list of texts for each name."""
    if not attributes:
        return None
    return json.dumps({name: [value] for name, value in attributes}, ensure_ascii=False)


def precedence(
    row: Message | Event | Conversation | Rating | Claim,
) -> tuple[tuple[bool, Any], ...]:
    """Rule 10: the row loaded last counts, then the greatest content; null is lowest."""
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
    """Rule 1: a public message by a customer, a bot or an agent."""
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
    """Rule 3: each takeover, directly before its message in the order of rule 2.

    Takes a conversation's activities and terminal events in that order: a person's message that
    follows a bot's, with neither a terminal event nor another person's message between them.
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
    """Rule 4: by channel (the seed `channel_policies`), with `*` for every other one."""
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
    # A gap of exactly the timeout does not cut.
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

    None since then, this one included, may have started by `inactivity` with a bot message in it.
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


def is_merged(conversation: Conversation) -> bool:
    """Rule 3: the conversation goes on in another one."""
    return (conversation.exclusion_reason or "").strip().lower() == "merged"


def is_excluded(segments: list[Segment], conversation: Conversation) -> bool:
    """Rule 7.1: `merged` does not exclude if an escalation belongs to one of the segments."""
    if is_merged(conversation):
        return not any(segment.first_terminal("escalated") for segment in segments)
    return conversation.exclusion_reason is not None


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

    Rule 3: a takeover has no `handoff_wait_seconds`.
    """
    escalation = session.first_terminal("escalated")
    handling = following_handling(segments, session)
    if escalation is None or not handling:
        return None, None
    agent_messages = [message for other in handling for message in other.by("agent")]
    wait = seconds(escalation.at, agent_messages[0].sent_at) if agent_messages else None
    wait = None if escalation.is_takeover else wait
    return wait, seconds(escalation.at, handling[-1].last_activity_at)


def attributes_of(segment: Segment) -> dict[str, str]:
    """Of each attribute, the value of the first message that has one, or that of the conversation.

    `bot_version` is among them.
    """
    values = dict(segment.conversation.attributes)
    for message in reversed(segment.activities):
        values |= dict(message.attributes)
    return values


def bot_release(segment: Segment, bot_id: str | None, settings: Settings) -> str | None:
    """What a message says, or the newest release of the first bot that is out at the start."""
    said = attributes_of(segment).get("bot_version")
    if said is not None:
        return said
    out = [
        release
        for release in settings.releases
        if (release.source, release.bot_id) == (segment.conversation.source, bot_id)
        and release.released_at <= segment.started_at
    ]
    return max(out, key=lambda release: release.released_at).release if out else None


def session_attribute_rows(segment: Segment) -> list[Row]:
    """A row for each attribute of the session."""
    return [
        {"session_id": segment.segment_id, "attribute": name, "value": value}
        for name, value in attributes_of(segment).items()
        if name != "bot_version"
    ]


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
        **(shared := shared_columns(session, settings)),
        "session_number": session.session_number,
        "bot_release": bot_release(session, shared["bot_id"], settings),
        "handoff_wait_seconds": wait,
        "handoff_seconds": handling,
    }


CONTACTS = ("human", "handoff", "session", "merged")  # in this order at one time
Persons = dict[tuple[str, str], str]


def identity_reason(row: RawRow) -> str | None:
    """Why a row of `identities` cannot be used; null when it can."""
    ids = (lowered(row, "source"), id_of(row, "customer_id"), id_of(row, "person_id"))
    if any(each is None for each in ids):
        return "missing_id"
    exact = all(is_exact(row, column) for column in ("customer_id", "person_id"))
    return None if exact else "inexact_id"


def read_identities(rows: list[RawRow], result: Result) -> Persons:
    """Rule 8: the person of each customer; of several the least `person_id` counts."""
    found: Persons = {}
    rejected = 0
    for row in rows:
        reason = identity_reason(row)
        if reason is not None:
            rejected += 1
            result.rejected_rows.append(
                {"source": "identities", "table_name": "identities", "reason": reason}
            )
            continue
        key = (required(lowered(row, "source")), required(id_of(row, "customer_id")))
        person = required(id_of(row, "person_id"))
        found[key] = min(person, found.get(key, person))
    if rows:
        result.row_reconciliation.append(
            {
                "source": "identities",
                "table_name": "identities",
                "rows_read": len(rows),
                "rows_used": len(found),
                "rows_duplicate": len(rows) - rejected - len(found),
                "rows_rejected": rejected,
            }
        )
    return found


def customer_of(segment: Segment, known: Persons) -> Hashable:
    """Rule 8: the person, or else the customer of the source, or else the conversation."""
    conversation = segment.conversation
    source, customer = conversation.source, conversation.customer_id
    if customer is None:
        return ("conversation", source, conversation.conversation_id)
    person = known.get((source, customer))
    return ("customer", source, customer) if person is None else ("person", person)


def contact_kind(segment: Segment) -> str | None:
    """Rule 8: what a return in this segment is called; null when it is no contact."""
    if not segment.by("customer"):
        return None
    if segment.kind == "excluded":
        return "merged" if is_merged(segment.conversation) else None
    return segment.kind if segment.kind in CONTACTS else None


Contact = tuple[datetime, int, Segment]  # its start, the number of its kind, itself


def contacts_of(segments: list[Segment]) -> list[Contact]:
    """Rule 8: a customer's contacts, in the order of their starts and kinds."""
    kinds = ((segment, contact_kind(segment)) for segment in segments)
    contacts = [
        (segment.started_at, CONTACTS.index(kind), segment)
        for segment, kind in kinds
        if kind is not None
    ]
    return sorted(contacts, key=lambda contact: contact[:2])


def next_session_started_at(session: Segment, starts: dict[str, list[datetime]]) -> datetime | None:
    """The earliest session of the same source strictly after this session's end."""
    if session.ended_at is None:
        return None
    same_source = starts[session.conversation.source]
    place = bisect_right(same_source, session.ended_at)
    return same_source[place] if place < len(same_source) else None


def next_contact(session: Segment, contacts: list[Contact]) -> tuple[datetime | None, str | None]:
    """Rule 8: the customer's first contact after the last activity: its start and kind."""
    if session.ended_at is None:
        return None, None
    first = bisect_right(contacts, session.last_activity_at, key=lambda contact: contact[0])
    for started_at, kind, segment in islice(contacts, first, None):
        if not (segment.kind == "handoff" and segment.session is session):
            return started_at, CONTACTS[kind]
    return None, None


def is_recontacted(session: Row, within: timedelta, as_of: datetime) -> bool | None:
    """Rule 8: a contact starts at most that time after `ended_at`; null until known."""
    ended_at, next_at = session["ended_at"], session["next_contact_started_at"]
    if session["outcome"] == "open" or ended_at is None or as_of - ended_at < within:
        return None
    return next_at is not None and next_at - ended_at <= within


def add_recontacts(
    sessions: list[Row], segments: list[Segment], known: Persons, as_of: datetime
) -> None:
    """Fill the columns of each session that look at the same customer's other segments."""
    by_customer: dict[Hashable, list[Segment]] = {}
    for segment in segments:
        by_customer.setdefault(customer_of(segment, known), []).append(segment)
    contacts = {customer: contacts_of(each) for customer, each in by_customer.items()}
    starts: dict[Hashable, dict[str, list[datetime]]] = {}
    for customer, each in by_customer.items():
        for segment in sorted(each, key=lambda segment: segment.started_at):
            if segment.kind == "session":
                of_customer = starts.setdefault(customer, {})
                of_customer.setdefault(segment.conversation.source, []).append(segment.started_at)
    by_id = {segment.segment_id: segment for segment in segments}
    for row in sessions:
        session = by_id[row["session_id"]]
        customer = customer_of(session, known)
        row["next_session_started_at"] = next_session_started_at(session, starts[customer])
        row["next_contact_started_at"], row["recontact_kind"] = next_contact(
            session, contacts[customer]
        )
        row["is_recontacted_24h"] = is_recontacted(row, DAY, as_of)
        row["is_recontacted_7d"] = is_recontacted(row, WEEK, as_of)


Followed = tuple[timedelta, bool]  # for how long, and whether the customer came back then


def followed(session: Row, as_of: datetime) -> Followed:
    """Rule 8: to the return, or else to `as_of`, and at most 7 days."""
    age = as_of - session["ended_at"]
    longest = min(age, WEEK)
    if session["next_contact_started_at"] is not None:
        after = session["next_contact_started_at"] - session["ended_at"]
        if after <= longest:
            return max(after, timedelta(0)), True
    return longest, False


def product_limit(times: list[Followed]) -> tuple[float | None, float | None]:
    """Kaplan and Meier's estimate of the share that lasts 7 days, and Greenwood's error of it."""
    estimate, variance = 1.0, 0.0
    for time in sorted({time for time, is_back in times if is_back}):
        at_risk = sum(1 for other, _ in times if other >= time)
        back = sum(1 for other, is_back in times if is_back and other == time)
        if back == at_risk:
            return 0.0, 0.0
        estimate *= 1 - back / at_risk
        variance += back / (at_risk * (at_risk - back))
    if max(time for time, _ in times) < WEEK:
        return None, None
    return round(estimate, 9), round(estimate * sqrt(variance), 9)


def durable_estimates_rows(sessions: list[Row], as_of: datetime) -> list[Row]:
    """The estimates of the weeks and months in which a contained session is too young to know."""
    # A late resolution may be known before the silence is over that ends the session.
    ended = [session for session in sessions if session["ended_at"] is not None]
    contained = [s for s in ended if s["is_contained"] and as_of >= s["ended_at"]]
    groups: dict[tuple[str, date, str, str], list[Row]] = {}
    for kind in ("week", "month"):
        for session in contained:
            start = PERIODS[kind](session["started_date"])
            for dimension, column in {"all": None, **DIMENSIONS}.items():
                value = "all" if column is None else session[column]
                key = (kind, start, dimension, "none" if value is None else value)
                groups.setdefault(key, []).append(session)
    rows = []
    for (kind, start, dimension, value), each in groups.items():
        whole = groups[kind, start, "all", "all"]
        if all(session["is_recontacted_7d"] is not None for session in whole):
            continue
        estimate, error = product_limit([followed(session, as_of) for session in each])
        known = [session for session in each if session["is_recontacted_7d"] is not None]
        durable = sum(1 for session in known if not session["is_recontacted_7d"])
        rows.append(
            {
                "period_kind": kind,
                "period_start_date": start,
                "dimension": dimension,
                "dimension_value": value,
                "contained_sessions": len(each),
                "matured_7d_sessions": len(known),
                "durable_7d_sessions": durable,
                "durable_containment_rate_7d": ratio(durable, len(known)),
                "returned_sessions": sum(1 for s in each if followed(s, as_of)[1]),
                "durable_containment_7d_estimate": estimate,
                "durable_containment_7d_standard_error": error,
            }
        )
    return rows


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
    """Rule 8: every rate is a ratio of two counts over the same rows; null at denominator 0."""
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
        # is_recontacted_* is null until as_of >= ended_at + that time.
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
        "known_customer_24h_sessions": count(
            lambda s: (
                s["is_contained"] is True
                and s["is_recontacted_24h"] is not None
                and s["customer_id"] is not None
            )
        ),
        "known_customer_7d_sessions": count(
            lambda s: (
                s["is_contained"] is True
                and s["is_recontacted_7d"] is not None
                and s["customer_id"] is not None
            )
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
        "known_customer_rate_24h": ratio(
            n["known_customer_24h_sessions"], n["matured_24h_sessions"]
        ),
        "known_customer_rate_7d": ratio(n["known_customer_7d_sessions"], n["matured_7d_sessions"]),
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
        is_open = [session for session in groups[key] if session["outcome"] == "open"]
        counts["open_bot_involved_sessions"] = sum(s["is_bot_involved"] for s in is_open)
        names = ("started_date", "source", "brand", "channel", "bot_id")
        satisfied = daily_satisfaction(groups[key])
        rows.append({**dict(zip(names, key, strict=True)), **counts, **rates(counts), **satisfied})
    return rows


def is_contact(segment: Row) -> bool:
    """Rule 8: a session, or a customer who wrote where no bot took part."""
    if segment["segment_kind"] == "human":
        return bool(segment["customer_message_count"] > 0)
    return bool(segment["segment_kind"] == "session")


def is_automated(segment: Row) -> bool:
    """Rule 8: a contained session with a bot message and without an agent message."""
    return (
        segment["segment_kind"] == "session"
        and segment["is_contained"] is True
        and segment["is_bot_involved"]
        and not segment["is_human_involved"]
    )


def coverage(contacts: list[Row]) -> dict[str, Any]:
    """Rule 8: the share of all contacts that the bot takes part in, with its two counts."""
    involved = sum(
        contact["segment_kind"] == "session" and contact["is_bot_involved"] for contact in contacts
    )
    return {
        "contacts": len(contacts),
        "bot_involved_contacts": involved,
        "coverage_rate": ratio(involved, len(contacts)),
    }


def demand_rows(segments: list[Row]) -> list[Row]:
    """One row per started_date, source, brand and channel with a contact."""
    names = ("started_date", "source", "brand", "channel")
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for segment in segments:
        if is_contact(segment):
            groups.setdefault(tuple(segment[name] for name in names), []).append(segment)
    rows = []
    for key, contacts in groups.items():
        covered = coverage(contacts)
        closed = sum(contact["outcome"] != "open" for contact in contacts)
        automated = sum(map(is_automated, contacts))
        rows.append(
            {
                **dict(zip(names, key, strict=True)),
                "contacts": covered["contacts"],
                "bot_involved_sessions": covered["bot_involved_contacts"],
                "coverage_rate": covered["coverage_rate"],
                "closed_contacts": closed,
                "automated_sessions": automated,
                "automation_rate_of_demand": ratio(automated, closed),
            }
        )
    return rows


def price_of(session: Row, prices: Iterable[Price]) -> Price | None:
    """The price of the session's day: of its source, else of its channel, else of all."""
    day = session["started_date"]
    holding = [price for price in prices if price.from_date <= day <= (price.to_date or date.max)]
    source, channel = session["source"], session["channel"]
    for wanted in ((source, channel), (source, "*"), ("*", channel), ("*", "*")):
        for price in holding:
            if (price.source, price.channel) == wanted:
                return price
    return None


def value_rows(sessions: list[Row], prices: tuple[Price, ...]) -> list[Row]:
    """One row per month, source, channel and price that held for one of its sessions."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for session in sessions:
        price = price_of(session, prices)
        if price is not None:
            key = (PERIODS["month"](session["started_date"]), session["source"])
            groups.setdefault((*key, session["channel"], price), []).append(session)
    rows: list[Row] = []
    for (month, source, channel, price), priced in groups.items():
        closed = [session for session in priced if session["outcome"] != "open"]
        contained = [session for session in closed if session["is_contained"]]
        young = [session for session in contained if session["is_recontacted_7d"] is None]
        durable = sum(session["is_recontacted_7d"] is False for session in contained)
        known = len(closed) - len(young)
        low, high = wilson(durable, known)
        bot = sum(session["is_bot_involved"] for session in priced)
        costs = {
            "bot_cost": bot * price.session_cost,
            "escalation_cost": (len(closed) - len(contained)) * price.contact_cost,
        }
        avoided = {
            "": durable * price.contact_cost,
            "_low": None if low is None else known * low * price.contact_cost,
            "_high": None if high is None else known * high * price.contact_cost,
        }
        rows.append(
            {
                "month_start_date": month,
                "source": source,
                "channel": channel,
                "price_source": price.source,
                "price_channel": price.channel,
                "price_from_date": price.from_date,
                "price_to_date": price.to_date,
                "contact_cost": price.contact_cost,
                "session_cost": price.session_cost,
                "currency": price.currency,
                "closed_sessions": len(closed),
                "bot_sessions": bot,
                "escalated_sessions": len(closed) - len(contained),
                "contained_sessions": len(contained),
                "too_young_sessions": len(young),
                "known_sessions": known,
                "durable_sessions": durable,
                "durable_session_rate": ratio(durable, known),
                "durable_session_rate_low": low,
                "durable_session_rate_high": high,
                **costs,
                **{f"cost_avoided{end}": cost for end, cost in avoided.items()},
                **{
                    f"net_value{end}": None if cost is None else cost - sum(costs.values())
                    for end, cost in avoided.items()
                },
                "basis": "cumulative under these prices, not measured",
            }
        )
    order = ("month_start_date", "price_from_date", "price_source", "price_channel")
    rows.sort(key=lambda row: tuple(row[name] for name in order))
    so_far: dict[tuple[str, str, str], float] = {}
    for row in rows:
        account = (row["source"], row["channel"], row["currency"])
        so_far[account] = so_far.get(account, 0.0) + row["net_value"]
        row["cumulative_net_value"] = so_far[account]
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


def containment_trend_rows(
    sessions: list[Row], segments: list[Row], as_of: datetime, settings: Settings
) -> list[Row]:
    """One row per calendar period of the days that are drawn, empty ones too."""
    if not sessions:
        return []
    today = local_date(as_of, settings)
    first, last = drawn_days([session["started_at"] for session in sessions], settings)
    last = max(last, min(today, last + DRAWN_GAP))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    contacts = [row for row in segments if is_contact(row) and first <= row["started_date"] <= last]
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
                **coverage([c for c in contacts if start_of(c["started_date"]) == start]),
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


def containment_changes_rows(
    sessions: list[Row], trend: list[Row], attributes: Iterable[str]
) -> list[Row]:
    """What each channel, brand, bot, topic and value of an attribute added to the change.

    `sessions` have a column for each attribute.
    """
    rows = []
    dimensions = {**DIMENSIONS, **{name: name for name in attributes}}
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
        for dimension, column in dimensions.items():
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


# ---------------------------------------------------------------------------------------------
# Releases and experiments
# ---------------------------------------------------------------------------------------------


def closed_part(sessions: list[Row]) -> Row:
    """Counts and rates of closed sessions."""
    contained = [row for row in sessions if row["is_contained"]]
    matured = [row for row in contained if row["is_recontacted_7d"] is not None]
    durable = [row for row in matured if not row["is_recontacted_7d"]]
    low, high = wilson(len(contained), len(sessions))
    return {
        "closed_sessions": len(sessions),
        "contained_sessions": len(contained),
        "containment_rate": ratio(len(contained), len(sessions)),
        "containment_rate_low": low,
        "containment_rate_high": high,
        "matured_7d_sessions": len(matured),
        "durable_7d_sessions": len(durable),
        "durable_containment_rate_7d": ratio(len(durable), len(matured)),
    }


def needed_sessions(rate: float, other: float) -> int | None:
    """The sample of each group that shows the difference with a power of 80 %."""
    if rate == other:
        return None
    z = WILSON_Z + 0.8416212335729143
    return ceil(z * z * (rate * (1 - rate) + other * (1 - other)) / (rate - other) ** 2)


def standardised(now: list[Row], before: list[Row]) -> tuple[float, float]:
    """The rate with the earlier mix, and the share of the earlier sessions that have a match."""

    def cell(row: Row) -> tuple[str, str, str]:
        return row["channel"], row["brand"], row["topic"] or "none"

    total, matched = 0.0, 0
    for session in before:
        here = [row for row in now if cell(row) == cell(session)]
        matched += bool(here)
        known = here or [row for row in before if cell(row) == cell(session)]
        total += sum(row["is_contained"] for row in known) / len(known)
    return total / len(before), matched / len(before)


def bot_releases_compared_rows(sessions: list[Row], as_of: datetime) -> list[Row]:
    """Each release of a bot beside the one before it, both for the same length of time."""
    first: dict[tuple[str, str], dict[str, datetime]] = {}
    for row in sessions:
        if row["bot_id"] is not None and row["bot_release"] is not None:
            starts = first.setdefault((row["source"], row["bot_id"]), {})
            earlier = starts.get(row["bot_release"], row["started_at"])
            starts[row["bot_release"]] = min(earlier, row["started_at"])
    rows = []
    for (source, bot_id), starts in first.items():
        order = sorted(starts, key=lambda release: (starts[release], release))
        ends = [*(starts[release] for release in order[1:]), as_of]
        for old, new, end in zip(order, order[1:], ends[1:], strict=False):
            start = starts[new]
            length = min(start - starts[old], end - start)

            def closed(
                release: str,
                begin: datetime,
                length: timedelta = length,
                of: tuple[str, str] = (source, bot_id),
            ) -> list[Row]:
                return [
                    row
                    for row in sessions
                    if (row["source"], row["bot_id"], row["bot_release"]) == (*of, release)
                    and begin <= row["started_at"] < begin + length
                    and row["is_contained"] is not None
                ]

            now, before = closed(new, start), closed(old, start - length)
            if not now or not before:
                continue
            this, last = closed_part(now), closed_part(before)
            rate, share = standardised(now, before)
            moved = change(this, last)
            low, high = (
                required(moved[f"containment_rate_change_{end}"]) for end in ("low", "high")
            )
            sides = {}
            for prefix, part in (("", now), ("previous_", before)):
                waits = [row["handoff_wait_seconds"] for row in part]
                scores = [row["csat_score"] for row in part if row["csat_score"] is not None]
                known = [wait for wait in waits if wait is not None]
                sides |= {
                    f"{prefix}median_handoff_wait_seconds": median(known) if known else None,
                    f"{prefix}rated_sessions": len(scores),
                    f"{prefix}csat_score": sum(scores) / len(scores) if scores else None,
                }
            left_out = ("containment_rate_low", "containment_rate_high")
            rows.append(
                {
                    "source": source,
                    "bot_id": bot_id,
                    "bot_release": new,
                    "previous_bot_release": old,
                    "release_started_at": start,
                    "compared_days": length / DAY,
                    **this,
                    **{f"previous_{name}": last[name] for name in last if name not in left_out},
                    **moved,
                    **sides,
                    "mix_effect": 100 * (this["containment_rate"] - rate) if share >= 0.5 else None,
                    "rate_effect": 100 * (rate - last["containment_rate"])
                    if share >= 0.5
                    else None,
                    "matched_share": share,
                    "verdict": "better" if low > 0 else "worse" if high < 0 else "not enough yet",
                    "needed_sessions": needed_sessions(
                        this["containment_rate"], last["containment_rate"]
                    ),
                }
            )
    return rows


STATED_EFFECT = 5.0


def experiments_rows(sessions: list[Row]) -> list[Row]:
    """The arms of `variant`, each beside the control arm."""
    rows = []
    for source in sorted({row["source"] for row in sessions}):
        arms: dict[str, list[Row]] = {}
        for row in sessions:
            if row["source"] == source and row.get("variant") is not None:
                arms.setdefault(row["variant"], []).append(row)
        if not arms:
            continue
        control = min(arms, key=lambda arm: (arm.lower() != "control", arm))
        parts = {
            arm: closed_part([row for row in part if row["is_contained"] is not None])
            for arm, part in arms.items()
        }
        talks = {arm: len({row["conversation_id"] for row in part}) for arm, part in arms.items()}
        share, freedom = sum(talks.values()) / len(arms), len(arms) - 1
        chi_square = sum((count - share) ** 2 / share for count in talks.values())
        ninth = 2 / (9 * freedom) if freedom else 0.0
        limit = freedom * (1 - ninth + 3.090232306167813 * sqrt(ninth)) ** 3
        base = parts[control]["containment_rate"]
        for arm, part in parts.items():
            moved = change(part, parts[control])
            can_be = base is not None and base + STATED_EFFECT / 100 <= 1
            rows.append(
                {
                    "source": source,
                    "variant": arm,
                    "control_variant": control,
                    "is_control": arm == control,
                    "conversations": talks[arm],
                    **part,
                    **{
                        name.replace("change", "difference"): None if arm == control else value
                        for name, value in moved.items()
                    },
                    "stated_effect": STATED_EFFECT,
                    "needed_sessions": needed_sessions(base, base + STATED_EFFECT / 100)
                    if can_be
                    else None,
                    "share_of_conversations": talks[arm] / sum(talks.values()),
                    "is_sample_ratio_off": freedom > 0 and chi_square > limit,
                }
            )
    return rows


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
# Control charts and signals
# ---------------------------------------------------------------------------------------------

Series = tuple[str, str, str]  # dimension, value, rate
CHARTED = {"source": "source", "brand": "brand", "channel": "channel", "bot": "bot_id"}
CHARTED |= {"topic": "topic"}


def rate_day_rows(segments: list[Row], sessions: list[Row], attributes: Iterable[str]) -> list[Row]:
    """The two counts of each rate by day, dimension and value, and the sessions still open.

    `sessions` have a column for each attribute (a session has one value of it at most).
    """
    days: dict[tuple[date, Series], list[int]] = {}

    def count(day: date, series: Series, counted: bool, is_base: bool, is_open: bool) -> None:
        sums = days.setdefault((day, series), [0, 0, 0])
        for place, each in enumerate((counted, is_base, is_open)):
            sums[place] += each

    for contact in filter(is_contact, segments):
        day, outcome = contact["started_date"], contact["outcome"]
        is_session = contact["segment_kind"] == "session"
        is_open = is_session and outcome == "open"
        values = {"all": "all"} | {name: contact[column] for name, column in CHARTED.items()}
        for dimension, value in values.items():
            here = (dimension, "none" if value is None else value)
            closed = is_session and not is_open
            contained = closed and outcome != "escalated"
            count(day, (*here, "containment_rate"), contained, closed, is_open)
            resolved = closed and outcome == "resolved"
            count(day, (*here, "resolution_rate"), resolved, closed, is_open)
            if dimension not in ("bot", "topic"):
                involved = is_session and contact["is_bot_involved"]
                count(day, (*here, "coverage_rate"), involved, True, False)
    closed_sessions = [session for session in sessions if session["outcome"] != "open"]
    for attribute in attributes:
        for session in closed_sessions:
            value = session[attribute]
            series = (attribute, "none" if value is None else value, "containment_rate")
            count(session["started_date"], series, session["is_contained"], True, False)
    for (day, (dimension, _, _)), sums in days.items():
        if dimension in attributes:  # whose value an open session will have, nobody knows
            sums[2] = days[day, ("all", "all", "containment_rate")][2]
    return [
        {
            "started_date": day,
            "dimension": dimension,
            "dimension_value": value,
            "rate_name": rate_name,
            "counted": counted,
            "base_count": base,
            "open_count": still_open,
        }
        for (day, (dimension, value, rate_name)), (counted, base, still_open) in days.items()
    ]


def control_chart_rows(
    days: list[Row],
    today: date,
    minimum: int = 30,
    stated: tuple[date, date] | None = None,
) -> list[Row]:
    """Each period that is over and can be judged, beside the limits of its rate.

    "A day is compared with the same weekday of the 8 weeks before, a week with the 8 weeks before;
    or with a stated base, after it. The limits are three sigma from the centre line, wider where
    the rate has moved more than chance does."
    """
    charts: dict[tuple[str, Series], dict[date, list[int]]] = {}
    for row in days:
        series = (row["dimension"], row["dimension_value"], row["rate_name"])
        for kind in ("day", "week"):
            start = PERIODS[kind](row["started_date"])
            if last_day(kind, start) < today:
                sums = charts.setdefault((kind, series), {}).setdefault(start, [0, 0, 0])
                for place, name in enumerate(("counted", "base_count", "open_count")):
                    sums[place] += row[name]
    for periods in charts.values():
        for start in [start for start, sums in periods.items() if not sums[1]]:
            del periods[start]
    steps = {key: steps_of(periods) for key, periods in charts.items()}
    rows = []
    for (kind, series), periods in charts.items():
        for start, (counted, size, still_open) in periods.items():
            base = [each for each in periods if is_base(kind, each, start, stated)]
            total = sum(periods[each][1] for each in base)
            if min(size, total) < minimum:
                continue
            centre = sum(periods[each][0] for each in base) / total
            if min(size, total) * min(centre, 1 - centre) < minimum / 6:
                continue
            kinds = ("day",) if kind == "day" else ("day", "week")
            dispersion = max(1.0, *(spread(steps[each, series], start) for each in kinds))
            sigma = dispersion * sqrt(centre * (1 - centre) * (1 / size + 1 / total))
            low, high = wilson(counted, size)
            rows.append(
                {
                    "period_kind": kind,
                    "period_start_date": start,
                    "period_end_date": last_day(kind, start),
                    **dict(zip(("dimension", "dimension_value", "rate_name"), series, strict=True)),
                    "counted": counted,
                    "base_count": size,
                    "open_count": still_open,
                    "rate": counted / size,
                    "rate_low": low,
                    "rate_high": high,
                    "least_rate": counted / (size + still_open),
                    "most_rate": (counted + still_open) / (size + still_open),
                    "centre_rate": centre,
                    "control_low": max(0.0, centre - 3 * sigma),
                    "control_high": min(1.0, centre + 3 * sigma),
                    "dispersion": dispersion,
                    "base_start_date": min(base),
                    "base_end_date": last_day(kind, max(base)),
                    "base_counted": sum(periods[each][0] for each in base),
                    "base_sessions": total,
                }
            )
    judged = Counter((row["period_kind"], row["period_start_date"]) for row in rows)
    for row in rows:
        row["judged_count"] = judged[row["period_kind"], row["period_start_date"]]
    return rows


def last_day(kind: str, start: date) -> date:
    """The last day of a day or a week."""
    return start + timedelta(days=6) if kind == "week" else start


def is_base(kind: str, each: date, start: date, stated: tuple[date, date] | None) -> bool:
    """Whether a period is one of those that the period from `start` is compared with."""
    if each.weekday() != start.weekday():
        return False
    if stated is None:
        return timedelta(0) < start - each <= timedelta(weeks=8)
    first, last = stated
    return start > last and first <= each and last_day(kind, each) <= last


def steps_of(periods: dict[date, list[int]]) -> dict[date, float]:
    """How far each period is from the one of the same weekday before it, in standard deviations."""
    steps = {}
    for start, (counted, size, _) in periods.items():
        earlier = [day for day in periods if day < start and day.weekday() == start.weekday()]
        if earlier:
            old_counted, old_size, _ = periods[max(earlier)]
            common = (counted + old_counted) / (size + old_size)
            deviation = sqrt(common * (1 - common) * (1 / size + 1 / old_size))
            difference = abs(counted / size - old_counted / old_size)
            steps[start] = round(difference / deviation, 6) if deviation else 0.0
    return steps


def spread(steps: dict[date, float], start: date) -> float:
    """The mean step of the 8 weeks before, in mean steps of chance; 0 without one."""
    before = [
        size for day, size in steps.items() if timedelta(0) < start - day <= timedelta(weeks=8)
    ]
    return sum(before) / len(before) / sqrt(2 / pi) if before else 0.0


def signal_rows(charts: list[Row], rules: tuple[str, ...] = ("beyond_three_sigma",)) -> list[Row]:
    """The judged periods that break a rule, whatever becomes of their open sessions."""
    rows = []
    series: dict[tuple[str, ...], list[Row]] = {}
    for row in sorted(charts, key=lambda each: each["period_start_date"]):
        names = ("period_kind", "dimension", "dimension_value", "rate_name")
        series.setdefault(tuple(row[name] for name in names), []).append(row)
    for judged in series.values():
        length, last = 0, 0
        for row in judged:
            side = side_of(row, row["centre_rate"], row["centre_rate"])
            length = length + 1 if side == last else 1
            last = side
            found = {
                "beyond_three_sigma": side_of(row, row["control_low"], row["control_high"]),
                "run_of_eight": side if length == 8 else 0,
            }
            for rule in rules:
                if found[rule]:
                    direction = "below" if found[rule] < 0 else "above"
                    rows.append({**row, "rule_name": rule, "direction": direction})
    inner = ("open_count", "least_rate", "most_rate", "base_counted")
    return [{name: row[name] for name in row if name not in inner} for row in rows]


def side_of(row: Row, low: float, high: float) -> int:
    """-1 below `low`, 1 above `high`, 0 between them, on them or not known yet."""
    if row["most_rate"] < low - 1e-12:
        return -1
    return int(row["least_rate"] > high + 1e-12)


# ---------------------------------------------------------------------------------------------
# Rule 11: claims of a vendor
# ---------------------------------------------------------------------------------------------


def is_success(claim: Claim, settings: Settings) -> bool | None:
    """Whether its word claims a success: the word before `*`, the source before every source."""
    words = (
        (claim.source, claim.outcome),
        ("*", claim.outcome),
        (claim.source, "*"),
    )
    return next((settings.claim_outcomes[w] for w in words if w in settings.claim_outcomes), None)


def session_verdict(session: Row) -> tuple[str, str]:
    """What we count of a session that is claimed for the first time."""
    if session["outcome"] == "escalated":
        return "not ours", "escalated"
    if session["outcome"] == "open":
        return "not known yet", "open"
    match session["is_recontacted_7d"]:
        case True:
            return "not ours", "came back within 7 days"
        case False:
            return "agreed", "contained and durable"
    return "not known yet", "ended under 7 days ago"


def verdict_without_session(
    claim: Claim, before: list[Row], conversation: Row | None, first_activity: datetime | None
) -> tuple[str, str]:
    """Why there is no session; `before` are the segments that start with or before the claim."""
    if first_activity is None or claim.claimed_at < first_activity:
        return "not provable", "before our data"
    if conversation is None:
        return "not ours", "conversation not found"
    excluded = conversation["exclusion_reason"]
    if excluded is not None:
        is_merged = excluded.strip().lower() == "merged"
        return ("not provable", "merged") if is_merged else ("not ours", "excluded")
    if conversation["message_count"] == 0:
        return "not provable", "no messages"
    kind = before[-1]["segment_kind"] if before else None
    if not conversation["has_bot"] or kind == "human":
        return "not ours", "no bot"
    if kind == "unengaged":
        return "not ours", "no customer message"
    return "not ours", "no session before the claim"


def claims_audited_rows(result: Result, claims: list[Claim], settings: Settings) -> list[Row]:
    """One row of `claims_audited` for each claim, judged by the other marts' rows."""
    sessions = {row["session_id"]: row for row in result.sessions}
    conversations = {(row["source"], row["conversation_id"]): row for row in result.conversations}
    segments: dict[tuple[str, str], list[Row]] = {}
    first_activities: dict[str, datetime] = {}
    for row in sorted(result.segments, key=lambda each: each["segment_number"]):
        segments.setdefault((row["source"], row["conversation_id"]), []).append(row)
        first = first_activities.get(row["source"], row["started_at"])
        first_activities[row["source"]] = min(first, row["started_at"])
    claimed: set[str] = set()
    rows = []
    for claim in sorted(claims, key=lambda each: (each.claimed_at, each.claim_id)):
        key = (claim.source, claim.conversation_id)
        before = [row for row in segments.get(key, []) if row["started_at"] <= claim.claimed_at]
        own = [row["session_id"] for row in before if row["segment_kind"] == "session"]
        session = sessions[own[-1]] if own else None
        success = is_success(claim, settings)
        if success is None:
            verdict, reason = "no claim", "outcome not mapped"
        elif not success:
            verdict, reason = "no claim", "outcome is no success"
        elif result.as_of is None or claim.claimed_at > result.as_of:
            verdict, reason = "not known yet", "after our data"
        elif session is None:
            verdict, reason = verdict_without_session(
                claim, before, conversations.get(key), first_activities.get(claim.source)
            )
        elif session["session_id"] in claimed:
            verdict, reason = "claimed twice", "session claimed before"
        else:
            verdict, reason = session_verdict(session)
        if success and session is not None:
            claimed.add(session["session_id"])
        is_return = session is not None and reason == "came back within 7 days"
        rows.append(
            {
                "claim_id": claim.claim_id,
                "source": claim.source,
                "conversation_id": claim.conversation_id,
                "session_id": None if session is None else session["session_id"],
                "outcome": claim.outcome,
                "claimed_at": claim.claimed_at,
                "claimed_date": local_date(claim.claimed_at, settings),
                "amount": None if claim.amount is None else float(claim.amount),
                "currency": claim.currency,
                "verdict": verdict,
                "reason": reason,
                "recontact_kind": required(session)["recontact_kind"] if is_return else None,
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
    "claims": (claim_reason, clean_claim),
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
            usable.append(with_attributes(clean(source, raw_row), raw_row, settings))
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


def with_attributes(row: T, raw_row: RawRow, settings: Settings) -> T:
    """The row with its attributes: columns of conversations and messages that are not blank."""
    names = {
        Conversation: settings.attributes,
        Message: ("bot_version", *settings.attributes),
    }.get(type(row), ())
    values = [(name, (raw_row.get(name) or "").strip(BLANKS)) for name in names]
    found = tuple((name, value) for name, value in values if value)
    return replace(row, attributes=found) if found else row  # type: ignore[type-var]


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
    """All marts from the raw rows, by the rules of RULES.md."""
    result = Result()
    used: dict[str, list[Any]] = {table: [] for table in TABLES}
    loaded: list[datetime] = []
    identities = read_identities(raw.get("identities", {}).get("identities", []), result)
    for source in sorted(raw.keys() - {"identities"}):
        for table in TABLES:
            rows, times = read_table(source, table, raw[source].get(table, []), result, settings)
            used[table].extend(rows)
            # A rating or a claim says nothing of the silence that as_of judges.
            loaded.extend(times if table not in ("ratings", "claims") else [])
    # Rule 5: by default the newest load time of a usable row; rule 10: at most `not_after`.
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
    cut_segments: list[Segment] = []
    known = known_conversations(used["conversations"], used["messages"], used["events"])
    for key, conversation in known.items():
        segments = cut(conversation, entries.get(key, []), settings)
        if segments:
            describe(segments, required(as_of), settings)
        result.ratings.extend(rating_rows(segments, ratings.get(key, [])))
        counted |= counted_ratings(segments, ratings.pop(key, []))
        result.conversations.append(conversation_row(conversation, segments))
        cut_segments.extend(segments)
        for segment in segments:
            result.segments.append(segment_row(segment, settings))
            result.messages.extend(message_rows(segment))
            if segment.kind == "session":
                result.sessions.append(session_row(segments, segment, settings))
                result.session_attributes.extend(session_attribute_rows(segment))
    for strangers in ratings.values():  # of conversations that are not known
        result.ratings.extend(rating_rows([], strangers))
    add_csat_scores(result.sessions, "session_id", counted)
    add_csat_scores(result.segments, "segment_id", counted)
    result.satisfaction = satisfaction_rows(result.segments)
    if result.sessions:
        add_recontacts(result.sessions, cut_segments, identities, required(as_of))
    result.claims_audited = claims_audited_rows(result, used["claims"], settings)
    if as_of is not None:
        result.durable_estimates = durable_estimates_rows(result.sessions, as_of)
    result.containment_daily = containment_daily_rows(result.sessions)
    result.demand = demand_rows(result.segments)
    result.value = value_rows(result.sessions, settings.prices)
    result.containment_funnel = containment_funnel_rows(result.conversations, result.sessions)
    if as_of is not None:
        result.containment_trend = containment_trend_rows(
            result.sessions, result.segments, as_of, settings
        )
        attributes: dict[str, Row] = {}
        for row in result.session_attributes:
            attributes.setdefault(row["session_id"], {})[row["attribute"]] = row["value"]
        none = dict.fromkeys(settings.attributes)
        wide = [row | none | attributes.get(row["session_id"], {}) for row in result.sessions]
        result.containment_changes = containment_changes_rows(
            wide, result.containment_trend, settings.attributes
        )
        result.bot_releases_compared = bot_releases_compared_rows(result.sessions, as_of)
        result.experiments = experiments_rows(wide)
        result.timeout_sensitivity = timeout_sensitivity_rows(known, entries, as_of, settings)
        result.control_charts = control_chart_rows(
            rate_day_rows(result.segments, wide, settings.attributes),
            local_date(as_of, settings),
            settings.signal_minimum_sessions,
            settings.signal_base,
        )
        result.signals = signal_rows(result.control_charts, settings.signal_rules)
    return result
