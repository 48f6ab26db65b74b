"""Raw systems as they change from night to night, and what can happen to them.

A `State` is all that a build depends on: the raw rows of two sources, the sources that are on, and
the settings. A `World` is a state with a calendar and a memory. A `Happening` changes a world; a
`Night` is what happened during a day and how the build after it went. All of them are small values
of whole numbers, so that a script of nights can be drawn, printed, written down and shrunk. Numbers
pick among what there is (`conversation` 7 is the eighth of the conversations, counted in a circle),
so every script fits every world.
"""

from __future__ import annotations

import copy
import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import oracle
import projects
from dbt_processes import Kill

Row = dict[str, Any]  # the columns of the raw contract, each text or null
Raw = dict[str, dict[str, list[Row]]]  # source, table
Key = tuple[str, str]  # source, conversation_id

SOURCES = (projects.SEEDED_SOURCE, projects.FILES_SOURCE)
TABLES = tuple(projects.CONTRACT)
ROWS = ("messages", "events")  # the tables whose rows make the timeline
CUT = ("conversations", *ROWS)  # the tables that decide how a conversation is cut
ID = {
    "conversations": "conversation_id",
    "messages": "message_id",
    "events": "event_id",
    "ratings": "rating_id",
    "claims": "claim_id",
}
TIME = {
    "conversations": "created_at",
    "messages": "sent_at",
    "events": "occurred_at",
    "ratings": "rated_at",
    "claims": "claimed_at",
}

FIRST_NIGHT = datetime(2026, 3, 9, 2)  # the first hours after clocks changed in New York
CHANNELS = ("chat", "email", "sms", "fax", None)
BRANDS = ("Aurora", "Borealis", None)
CUSTOMERS = (*(f"customer-{number}" for number in range(30)), None)
PERSONS = ("person-1", "person-2")
TOPICS = ("billing", "returns", None)
VERSIONS = ("1", "2", None)
TAKEOVER = "agent_takeover"  # made by the cut, in no raw row
TIMEOUT_MINUTES = {"*": 60, "chat": 30, "sms": 1440, "email": 4320}
BOUNDARIES = {
    ("*", "resolved"): "resolved",
    ("*", "escalated"): "escalated",
    ("*", "assigned"): "none",
    (projects.FILES_SOURCE, "done"): "resolved",
    ("*", TAKEOVER): "escalated",
}
EVENT_TYPES = ("resolved", "escalated", "assigned", "done")
AUTHORS = ("customer", "bot", "agent", "system")
# The words of a scene: four authors, an agent's note, four events.
WORDS = dict(zip("cbasnRE.D", (*AUTHORS, "agent", *EVENT_TYPES), strict=True))
# Each a word and the minutes since the word before it: boundaries rather than middles.
SCENES = (
    "c b1 R1",
    "c b1 c31 b1",
    "c b1 c30 b1 R0",
    "c b1 R1 c4320 b1 R1 c4320 b1 E1 a10 c5 a5 R9",
    "c b1 E1 a40 c5 R2",
    "c E1 c600 b1 R1",
    "c b1 E120",
    "c b1 R1 c3",
    "b c200 b1 R1",
    "c a3 R1",
    "c b1 n5 c1500 b1 s20",
    "c b1 R1 E1 c10 b1 D1",
    "R c1 b1 .2 c61 b1",
    "c b0 c1440 b1441",
    "c b1 a2 c1 a1 R5",
    "c b1 c45 a0 b0 a1 E0",
)
SPOILT = "not a time: "
# Changes of the code: a file, what stands in it, what comes instead, the one source it concerns.
CODE_CHANGES: tuple[tuple[str, str, str, str | None], ...] = (
    ("macros/rules/session_key.sql", "':'", "'/'", None),
    ("models/staging/files/stg_files__messages.sql", "topic", "upper(topic) as topic", SOURCES[1]),
    ("models/**/int_timeline.sql", "place_order, row_id", "place_order, row_id desc", None),
    ("macros/rules/customer_key.sql", "'customer of '", "'client of '", None),
)


def text(moment: datetime) -> str:
    """A time as the raw tables hold it."""
    return moment.isoformat() + "Z"


def moment(written: str) -> datetime:
    """The time that `text` wrote."""
    return datetime.fromisoformat(written.removesuffix("Z"))


def is_time(written: str | None) -> bool:
    """Whether that is a time that can be read."""
    return written is not None and written[:1].isdigit()


# --- what a build depends on ----------------------------------------------------------------------


@dataclass
class State:
    """All that a build depends on."""

    raw: Raw
    identities: list[Row] = field(default_factory=list)  # which customers are the same person
    sources: tuple[str, ...] = SOURCES
    code_change: int | None = None  # the one of CODE_CHANGES that is made
    settings: oracle.Settings = field(
        default_factory=lambda: oracle.Settings(
            dict(TIMEOUT_MINUTES), dict(BOUNDARIES), infer_takeovers=(projects.FILES_SOURCE,)
        )
    )

    def visible(self) -> Raw:
        """The raw tables of the sources that are on."""
        return {source: self.raw[source] for source in self.sources}

    def changed_code(self) -> tuple[str, str, str, str | None]:
        """The change of the code that is made."""
        assert self.code_change is not None
        return CODE_CHANGES[self.code_change % len(CODE_CHANGES)]

    def rules(self) -> tuple[int | None, oracle.Settings]:
        """The code and the settings that change how a conversation is cut."""
        settings = dataclasses.replace(
            self.settings, as_of=None, not_after=None, reporting_timezone="UTC"
        )
        return self.code_change, settings

    def conversations(self) -> dict[Key, Counter[tuple[Any, ...]]]:
        """The visible raw rows of each conversation, as a bag; those without its id are one too.

        With each row whether not_after makes it one from the future. Not the ratings: they are
        settled apart, all of them each night.
        """
        found: dict[Key, Counter[tuple[Any, ...]]] = {}
        for source, tables in self.visible().items():
            for table in CUT:
                for row in tables[table]:
                    key = (source, row["conversation_id"] or "")
                    is_rejected = self._is_from_the_future(table, row)
                    found.setdefault(key, Counter())[(table, is_rejected, *row.values())] += 1
        return found

    def _is_from_the_future(self, table: str, row: Row) -> bool:
        if self.settings.not_after is None:
            return False
        reason_of, _ = oracle.READERS[table]
        return reason_of(row, self.settings) == "time_in_future"

    def changed_since(self, before: State) -> set[Key]:
        """The conversations whose raw rows are not what they were."""
        return _differing(self.conversations(), before.conversations())

    def ruled_otherwise_since(self, before: State) -> set[Key]:
        """The conversations that the settings and lookups no longer concern in the same way."""
        return _differing(self._rules_of_conversations(), before._rules_of_conversations())

    def _rules_of_conversations(self) -> dict[Key, set[tuple[Any, ...]]]:
        timeouts, boundaries = self.settings.timeout_minutes, self.settings.boundaries
        found: dict[Key, set[tuple[Any, ...]]] = {}
        for source, tables in self.visible().items():
            for table in CUT:
                for row in tables[table]:
                    if table == "conversations":
                        channel = row["channel"]
                        words: Any = (channel in timeouts, timeouts.get(channel, timeouts["*"]))
                    elif table == "events":
                        word = row["event_type"]
                        words = boundaries.get((source, word), boundaries.get(("*", word)))
                    else:
                        words = None
                    key = (source, row["conversation_id"] or "")
                    found.setdefault(key, set()).add((table, words))
        for (source, _), rules in found.items():
            # Without a row of its own, a conversation has the timeout of any other channel.
            if all(table != "conversations" for table, *_ in rules):
                rules.add(("no channel", timeouts["*"]))
            rules.add(
                (
                    "settings",
                    self.settings.session_scope,
                    self.settings.after_escalation,
                    self.settings.courtesy_minutes,
                    self._takeovers_of(source),
                )
            )
            if self.code_change is not None and self.changed_code()[3] in (None, source):
                rules.add(("code", self.code_change))
        return found

    def _takeovers_of(self, source: str) -> str:
        """What a takeover ends in a source; none also where none is made."""
        boundaries = self.settings.boundaries
        if source not in self.settings.infer_takeovers:
            return "none"
        return boundaries.get((source, TAKEOVER), boundaries.get(("*", TAKEOVER), "none"))


def _differing(now: Mapping[Key, Any], then: Mapping[Key, Any]) -> set[Key]:
    return {key for key in now.keys() | then.keys() if now.get(key) != then.get(key)}


@dataclass
class World:
    """A state that nights change. `past[0]` is how it stood in the first night."""

    state: State
    past: list[State] = field(default_factory=list)
    number_of_ids: int = 0

    @property
    def now(self) -> datetime:
        """The moment of this night's load."""
        return FIRST_NIGHT + timedelta(days=len(self.past))

    def end_night(self) -> None:
        """Remember how it stood, go on to the next day."""
        self.past.append(copy.deepcopy(self.state))

    def ago(self, nights: int) -> State:
        """How it stood so many nights ago; in the first night, how it stands."""
        return self.past[-min(nights, len(self.past))] if self.past else self.state

    def all_keys(self) -> list[Key]:
        """Every conversation of every source, also of one that is off."""
        return sorted(
            {
                (source, row["conversation_id"])
                for source, tables in self.state.raw.items()
                for table in CUT
                for row in tables[table]
                if row["conversation_id"] is not None
            }
        )

    def key(self, pick: int) -> Key:
        """One of the conversations; one that is not there when there is none."""
        keys = self.all_keys()
        return keys[pick % len(keys)] if keys else (SOURCES[0], "nobody")

    def rows(self, key: Key, *tables: str) -> list[tuple[str, Row]]:
        """The rows of a conversation with the name of their table."""
        source, conversation_id = key
        return [
            (table, row)
            for table in tables or TABLES
            for row in self.state.raw[source][table]
            if row["conversation_id"] == conversation_id
        ]

    def row(self, key: Key, pick: int, *tables: str) -> tuple[str, Row] | None:
        """One of the rows of a conversation; None when it has none in these tables."""
        rows = self.rows(key, *tables)
        return rows[pick % len(rows)] if rows else None

    def timed(self, key: Key) -> list[datetime]:
        """The times of a conversation's messages and events, in order; now when there is none."""
        times = [
            moment(row[TIME[table]])
            for table, row in self.rows(key, *ROWS)
            if is_time(row[TIME[table]])
        ]
        return sorted(times) or [self.now]

    def rating(self, pick: int) -> tuple[str, Row] | None:
        """One of the ratings with its source; None when there is none."""
        ratings = [(source, row) for source in SOURCES for row in self.state.raw[source]["ratings"]]
        ratings.sort(key=lambda found: tuple(str(value) for value in found[1].values()))
        return ratings[pick % len(ratings)] if ratings else None

    def rate(self, key: Key, at: datetime, loaded_at: str | None) -> None:
        """Add a rating of a conversation."""
        source, conversation_id = key
        self.number_of_ids += 1
        self.add(
            source,
            "ratings",
            {
                "rating_id": f"r{self.number_of_ids}",
                "conversation_id": conversation_id,
                "score": str(self.number_of_ids % 6),
                "rated_at": text(at),
                "max_score": ("5", "10", None)[self.number_of_ids % 3],
                "loaded_at": loaded_at,
            },
        )

    def add(self, source: str, table: str, row: Row) -> None:
        """Add a row."""
        assert tuple(row) == projects.CONTRACT[table]
        self.state.raw[source][table].append(row)

    def remove(self, source: str, table: str, row: Row) -> None:
        """Take away this very row, not one that equals it."""
        rows = self.state.raw[source][table]
        rows[:] = [each for each in rows if each is not row]

    def add_word(self, key: Key, word: str, at: datetime, loaded_at: str | None) -> None:
        """Add the message or event that a word of a scene stands for."""
        source, conversation_id = key
        self.number_of_ids += 1
        # One system numbers its rows, the other the rows of each conversation.
        number = (
            self.number_of_ids
            if source == projects.SEEDED_SOURCE
            else len(self.rows(key, *ROWS)) + 1
        )
        pick = self.number_of_ids
        if WORDS[word] in EVENT_TYPES:
            self.add(
                source,
                "events",
                {
                    "event_id": f"e{number}",
                    "conversation_id": conversation_id,
                    "event_type": WORDS[word],
                    "occurred_at": text(at),
                    "actor_type": AUTHORS[pick % 3],
                    "reason": ("asked", "failed", None)[pick % 3],
                    "loaded_at": loaded_at,
                },
            )
        else:
            self.add(
                source,
                "messages",
                {
                    "message_id": f"m{number}",
                    "conversation_id": conversation_id,
                    "author_type": WORDS[word],
                    "sent_at": text(at),
                    "author_id": f"{WORDS[word]}-{pick % 3}",
                    "is_public": "false" if word == "n" else "true",
                    "topic": TOPICS[pick % len(TOPICS)],
                    "loaded_at": loaded_at,
                    "bot_version": VERSIONS[pick % 3] if word == "b" else None,
                },
            )

    def play(self, key: Key, scene: int, first: datetime, *, loaded_each_night: bool) -> None:
        """Add the rows of a scene; loaded in the night after each of them, or all tonight."""
        at = first
        for word in SCENES[scene % len(SCENES)].split():
            at += timedelta(minutes=int(word[1:] or 0))
            night = min(self.now, next_night(at)) if loaded_each_night else self.now
            self.add_word(key, word[0], at, text(night))

    def open_conversation(self, key: Key, channel: int, customer: int, at: datetime) -> None:
        """Add the row of a conversation."""
        source, conversation_id = key
        self.add(
            source,
            "conversations",
            {
                "conversation_id": conversation_id,
                "channel": CHANNELS[channel % len(CHANNELS)],
                "brand": BRANDS[customer % len(BRANDS)],
                "customer_id": CUSTOMERS[customer % len(CUSTOMERS)],
                "created_at": text(at),
                "exclusion_reason": None,
                "loaded_at": text(min(self.now, next_night(at))),
            },
        )


def next_night(at: datetime) -> datetime:
    """The first load after a moment."""
    days = (at - FIRST_NIGHT) // timedelta(days=1)
    return FIRST_NIGHT + timedelta(days=days + 1)


def length(scene: int) -> timedelta:
    """From the first to the last word of a scene."""
    words = SCENES[scene % len(SCENES)].split()
    return timedelta(minutes=sum(int(word[1:] or 0) for word in words))


def start(seed: int, conversations: int) -> World:
    """A world before its first night: so many conversations of the weeks before, in two sources.

    Both sources use the same conversation ids, and most customers have several conversations.
    """
    random = Random(seed)
    world = World(State({source: {table: [] for table in TABLES} for source in SOURCES}))
    for number in range(conversations):
        key = (SOURCES[number % 5 % 2], f"c{number // 5 * 3 + number % 5 // 2:03}")
        scene = random.randrange(len(SCENES))
        ago = timedelta(minutes=random.randrange(60, 25 * 1440))
        first = world.now - length(scene) - ago
        world.open_conversation(key, random.randrange(5), random.randrange(31), first)
        world.play(key, scene, first, loaded_each_night=True)
        if random.random() < 0.3:
            again = random.randrange(len(SCENES))
            first = world.now - length(again) - ago / 2
            world.play(key, again, first, loaded_each_night=True)
    for key in world.all_keys():
        at = random.choice(world.timed(key)) + timedelta(minutes=random.choice((-1, 0, 7)))
        for _ in range(random.choice((0, 0, 1, 2))):  # both at the same time
            world.rate(key, at, text(min(world.now, next_night(at))))
    return world


# --- what can happen ------------------------------------------------------------------------------

# The largest number that is drawn for a field; 0 is the smallest.
LARGEST = {
    "conversation": 999,
    "to": 999,
    "row": 19,
    "scene": len(SCENES) - 1,
    "channel": len(CHANNELS) - 1,
    "customer": len(CUSTOMERS) - 1,
    "source": len(SOURCES) - 1,
    "table": len(TABLES) - 1,
    "column": 4,
    "value": 3,
    "minutes": 90,
    "hours": 23,
    "days": 60,
    "nights": 3,
    "seed": 99,
}


@dataclass(frozen=True)
class Happening:
    """Something that changes the raw tables or the settings during a day."""

    def happen(self, world: World) -> None:
        """Change the world."""
        raise NotImplementedError


@dataclass(frozen=True)
class RuleChange(Happening):
    """A changed setting, or lookup, that every conversation may depend on."""


@dataclass(frozen=True)
class NewConversation(Happening):
    source: int
    scene: int
    channel: int
    customer: int
    hours: int

    def happen(self, world: World) -> None:
        world.number_of_ids += 1
        key = (SOURCES[self.source], f"new-{world.number_of_ids}")
        first = world.now - length(self.scene) - timedelta(hours=self.hours)
        world.open_conversation(key, self.channel, self.customer, first)
        world.play(key, self.scene, first, loaded_each_night=False)


@dataclass(frozen=True)
class NewRows(Happening):
    """Messages and events of the last day in a conversation that exists."""

    conversation: int
    scene: int
    hours: int

    def happen(self, world: World) -> None:
        first = world.now - length(self.scene) - timedelta(hours=self.hours)
        key = world.key(self.conversation)
        world.play(key, self.scene, first, loaded_each_night=False)


@dataclass(frozen=True)
class LateRow(Happening):
    """A message that was sent long ago and is loaded tonight."""

    conversation: int
    row: int
    minutes: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        times = world.timed(key)
        at = times[self.row % len(times)] + timedelta(minutes=self.minutes)
        world.add_word(key, "cba"[self.row % 3], at, text(world.now))


@dataclass(frozen=True)
class LateEvent(Happening):
    """An event that occurred long ago and is loaded tonight."""

    conversation: int
    row: int
    minutes: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        times = world.timed(key)
        at = times[self.row % len(times)] + timedelta(minutes=self.minutes)
        world.add_word(key, "RE"[self.row % 2], at, text(world.now))


@dataclass(frozen=True)
class BackDatedRow(Happening):
    """A message from far before the first, loaded tonight, or (so it says) in its own time."""

    conversation: int
    days: int
    value: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        at = world.timed(key)[0] - timedelta(days=self.days, minutes=1)
        loaded_at = text(world.now) if self.value % 2 else text(at)
        world.add_word(key, "cb"[self.days % 2], at, loaded_at)


@dataclass(frozen=True)
class RepeatedRow(Happening):
    """The very same row once more."""

    conversation: int
    row: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        if found := world.row(key, self.row):
            world.add(key[0], found[0], dict(found[1]))


def corrected(table: str, row: Row, column: int) -> Row:
    """The row with other content: another time, author, event type, topic, reason or actor."""
    new = dict(row)
    columns = {
        "conversations": ("channel", "brand", "customer_id", "exclusion_reason"),
        "messages": ("sent_at", "author_type", "topic", "author_id", "bot_version"),
        "events": ("occurred_at", "event_type", "reason", "actor_type"),
        "ratings": ("score", "rated_at", "max_score", "score"),
    }[table]
    name = columns[column % len(columns)]
    if name in TIME.values():
        if is_time(new[name]):
            new[name] = text(moment(new[name]) + timedelta(minutes=37))
        return new
    choices: Sequence[str | None] = {
        "channel": CHANNELS,
        "brand": BRANDS,
        "customer_id": CUSTOMERS[:4],
        "exclusion_reason": (None, "spam", "merged"),
        "bot_version": VERSIONS,
        "author_type": AUTHORS,
        "event_type": EVENT_TYPES,
        "actor_type": AUTHORS[:3],
        "score": ("0", "1", "3", "5"),
        "max_score": ("5", "10", None),
    }.get(name, ("corrected", None, "corrected again"))
    place = choices.index(new[name]) if new[name] in choices else -1
    new[name] = choices[(place + 1) % len(choices)]
    return new


@dataclass(frozen=True)
class CorrectedRow(Happening):
    """A message or event comes again, with other content and a newer loaded_at."""

    conversation: int
    row: int
    column: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        if found := world.row(key, self.row, *ROWS):
            table, row = found
            new = corrected(table, row, self.column)
            world.add(key[0], table, {**new, "loaded_at": text(world.now)})


@dataclass(frozen=True)
class CorrectedWithoutLoadTime(Happening):
    """A message or event comes again, with other content and no loaded_at."""

    conversation: int
    row: int
    column: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        if found := world.row(key, self.row, *ROWS):
            table, row = found
            world.add(key[0], table, {**corrected(table, row, self.column), "loaded_at": None})


@dataclass(frozen=True)
class CorrectedInPlace(Happening):
    """A message or event has other content tonight, and the loaded_at that it always had."""

    conversation: int
    row: int
    column: int

    def happen(self, world: World) -> None:
        if found := world.row(world.key(self.conversation), self.row, *ROWS):
            table, row = found
            row.update(corrected(table, row, self.column))


@dataclass(frozen=True)
class ChangedConversation(Happening):
    """The row of a conversation has another channel, brand, customer or exclusion reason."""

    conversation: int
    column: int
    value: int

    def happen(self, world: World) -> None:
        if found := world.row(world.key(self.conversation), 0, "conversations"):
            table, row = found
            row.update(corrected(table, row, self.column))
            if self.value % 2:
                row["loaded_at"] = text(world.now)


@dataclass(frozen=True)
class ChangedConversationAgain(Happening):
    """A second row of a conversation, loaded tonight, says something else than the first."""

    conversation: int
    column: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        if found := world.row(key, 0, "conversations"):
            table, row = found
            new = corrected(table, row, self.column)
            world.add(key[0], table, {**new, "loaded_at": text(world.now)})


@dataclass(frozen=True)
class ChangedIdentity(Happening):
    """A customer becomes a person, a second one, another one, or nobody known."""

    conversation: int
    value: int

    def happen(self, world: World) -> None:
        source, conversation_id = world.key(self.conversation)
        customers = [
            row["customer_id"] for _, row in world.rows((source, conversation_id), "conversations")
        ]
        if not customers or customers[0] is None:
            return
        identities = world.state.identities
        known = len(identities)
        if self.value != 1:
            identities[:] = [row for row in identities if row["customer_id"] != customers[0]]
        if self.value or len(identities) == known:
            person = PERSONS[(self.value + self.conversation) % len(PERSONS)]
            identities.append({"source": source, "customer_id": customers[0], "person_id": person})


@dataclass(frozen=True)
class LostLoadTimes(Happening):
    """All rows of a conversation forget when they were loaded."""

    conversation: int

    def happen(self, world: World) -> None:
        for _, row in world.rows(world.key(self.conversation)):
            row["loaded_at"] = None


@dataclass(frozen=True)
class DeletedRow(Happening):
    """A message or event is gone."""

    conversation: int
    row: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        if found := world.row(key, self.row, *ROWS):
            world.remove(key[0], *found)


@dataclass(frozen=True)
class DeletedConversation(Happening):
    """All rows of a conversation are gone."""

    conversation: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        for found in world.rows(key):
            world.remove(key[0], *found)


@dataclass(frozen=True)
class DeletedConversationRow(Happening):
    """The row of a conversation is gone, its messages and events stay: an orphan."""

    conversation: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        for found in world.rows(key, "conversations"):
            world.remove(key[0], *found)


@dataclass(frozen=True)
class MovedMessage(Happening):
    """A message is moved to another conversation of its source, and keeps its loaded_at."""

    conversation: int
    row: int
    to: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        others = [other for other in world.all_keys() if other[0] == key[0]]
        if found := world.row(key, self.row, "messages"):
            found[1]["conversation_id"] = others[self.to % len(others)][1]


@dataclass(frozen=True)
class SpoiltTime(Happening):
    """The time of a message or event can no longer be read."""

    conversation: int
    row: int

    def happen(self, world: World) -> None:
        if found := world.row(world.key(self.conversation), self.row, *ROWS):
            table, row = found
            if is_time(row[TIME[table]]):
                row[TIME[table]] = SPOILT + row[TIME[table]]


@dataclass(frozen=True)
class SpoiltValue(Happening):
    """Another value of a row can no longer be read."""

    conversation: int
    row: int
    value: int

    def happen(self, world: World) -> None:
        if found := world.row(world.key(self.conversation), self.row):
            table, row = found
            column, value = {
                "conversations": (("created_at", "soon"), ("loaded_at", "never")),
                "messages": (("is_public", "maybe"), ("loaded_at", "never")),
                "events": (("actor_type", "robot"), ("loaded_at", "never")),
                "ratings": (("score", "good"), ("max_score", "none")),
            }[table][self.value % 2]
            row[column] = value


@dataclass(frozen=True)
class TimeFromTheFuture(Happening):
    """The time of a row, or that of its load, lies some days after tonight."""

    conversation: int
    row: int
    value: int
    days: int

    def happen(self, world: World) -> None:
        if found := world.row(world.key(self.conversation), self.row, *CUT):
            table, row = found
            columns = [[TIME[table]], ["loaded_at"], [TIME[table], "loaded_at"], [TIME[table]]]
            for column in columns[self.value]:
                row[column] = text(world.now + timedelta(days=self.days))
            if self.value == 3:
                row["loaded_at"] = None


@dataclass(frozen=True)
class MendedTime(Happening):
    """A time that could not be read is what it was before."""

    row: int

    def happen(self, world: World) -> None:
        spoilt = [
            (table, row)
            for key in world.all_keys()
            for table, row in world.rows(key, *ROWS)
            if (row[TIME[table]] or "").startswith(SPOILT)
        ]
        if spoilt:
            table, row = spoilt[self.row % len(spoilt)]
            row[TIME[table]] = row[TIME[table]].removeprefix(SPOILT)


@dataclass(frozen=True)
class RowWithoutId(Happening):
    """A row like another one comes, without its own id or that of the conversation."""

    conversation: int
    row: int
    value: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        if found := world.row(key, self.row):
            table, row = found
            column = "conversation_id" if self.value % 2 else ID[table]
            world.add(key[0], table, {**row, column: None})


@dataclass(frozen=True)
class SwappedBack(Happening):
    """A conversation that changed has exactly the rows that it had some nights ago."""

    conversation: int
    nights: int

    def happen(self, world: World) -> None:
        then = world.ago(self.nights + 1)
        changed = sorted(world.state.changed_since(then))
        if not changed:
            return
        source, conversation_id = changed[self.conversation % len(changed)]
        for table in TABLES:
            rows = world.state.raw[source][table]
            rows[:] = [row for row in rows if (row["conversation_id"] or "") != conversation_id]
            for row in then.raw[source][table]:
                if (row["conversation_id"] or "") == conversation_id:
                    rows.append(dict(row))


@dataclass(frozen=True)
class ExchangedContent(Happening):
    """Two messages of a conversation exchange authors and topics: the same words, otherwise put."""

    conversation: int
    row: int

    def happen(self, world: World) -> None:
        rows = world.rows(world.key(self.conversation), "messages")
        if len(rows) < 2:
            return
        _, one = rows[self.row % len(rows)]
        _, other = rows[(self.row + 1) % len(rows)]
        for column in ("author_type", "author_id", "topic", "bot_version"):
            one[column], other[column] = other[column], one[column]


@dataclass(frozen=True)
class ShiftedContent(Happening):
    """A value moves to the column beside it: the same words in a row, otherwise put."""

    conversation: int
    row: int

    def happen(self, world: World) -> None:
        if found := world.row(world.key(self.conversation), self.row, *ROWS):
            table, row = found
            one, other = {
                "messages": ("author_id", "topic"),
                "events": ("reason", "event_type"),
            }[table]
            row[one], row[other] = row[other], row[one]


@dataclass(frozen=True)
class NewRating(Happening):
    """A conversation is rated around the time of one of its rows, however long ago."""

    conversation: int
    row: int
    minutes: int

    def happen(self, world: World) -> None:
        key = world.key(self.conversation)
        times = world.timed(key)
        at = times[self.row % len(times)] + timedelta(minutes=self.minutes - 10)
        world.rate(key, at, text(world.now))


@dataclass(frozen=True)
class RepeatedRating(Happening):
    """The very same rating once more."""

    row: int

    def happen(self, world: World) -> None:
        if found := world.rating(self.row):
            world.add(found[0], "ratings", dict(found[1]))


@dataclass(frozen=True)
class CorrectedRating(Happening):
    """A rating comes again, with other content and a newer loaded_at."""

    row: int
    column: int

    def happen(self, world: World) -> None:
        if found := world.rating(self.row):
            new = corrected("ratings", found[1], self.column)
            world.add(found[0], "ratings", {**new, "loaded_at": text(world.now)})


@dataclass(frozen=True)
class RatingCorrectedInPlace(Happening):
    """A rating has other content tonight, and the loaded_at that it always had."""

    row: int
    column: int

    def happen(self, world: World) -> None:
        if found := world.rating(self.row):
            found[1].update(corrected("ratings", found[1], self.column))


@dataclass(frozen=True)
class DeletedRating(Happening):
    """A rating is gone."""

    row: int

    def happen(self, world: World) -> None:
        if found := world.rating(self.row):
            world.remove(found[0], "ratings", found[1])


@dataclass(frozen=True)
class MovedRating(Happening):
    """A rating is moved to another conversation of its source, and keeps its loaded_at."""

    row: int
    to: int

    def happen(self, world: World) -> None:
        if found := world.rating(self.row):
            others = [key for source, key in world.all_keys() if source == found[0]]
            found[1]["conversation_id"] = others[self.to % len(others)] if others else "nobody"


@dataclass(frozen=True)
class ReorderedRows(Happening):
    """The same rows in another order: nothing happened."""

    seed: int

    def happen(self, world: World) -> None:
        for tables in world.state.raw.values():
            for rows in tables.values():
                Random(self.seed).shuffle(rows)


@dataclass(frozen=True)
class EmptiedTable(Happening):
    """A raw table is there and has no rows."""

    source: int
    table: int

    def happen(self, world: World) -> None:
        world.state.raw[SOURCES[self.source]][TABLES[self.table]].clear()


@dataclass(frozen=True)
class RestoredTables(Happening):
    """Every raw table without rows has the rows that it had when it last had some."""

    def happen(self, world: World) -> None:
        for source, tables in world.state.raw.items():
            for table, rows in tables.items():
                if not rows:
                    before = (then.raw[source][table] for then in reversed(world.past))
                    rows.extend(copy.deepcopy(next(filter(None, before), [])))


@dataclass(frozen=True)
class SwitchedSource(Happening):
    """A source is switched off, or on again; the last one stays on."""

    source: int

    def happen(self, world: World) -> None:
        switched = {SOURCES[self.source]} ^ set(world.state.sources)
        world.state.sources = tuple(sorted(switched, reverse=True)) or world.state.sources


@dataclass(frozen=True)
class Reverted(Happening):
    """Rows and settings are exactly what they were before last night's happenings."""

    def happen(self, world: World) -> None:
        world.state = copy.deepcopy(world.ago(2))


@dataclass(frozen=True)
class GivenAsOf(Happening):
    """as_of is given: some days before tonight or, when negative days remain, after it."""

    days: int

    def happen(self, world: World) -> None:
        as_of = world.now - timedelta(days=self.days - 10)
        world.state.settings = dataclasses.replace(world.state.settings, as_of=as_of)


@dataclass(frozen=True)
class ForgottenAsOf(Happening):
    """as_of is no longer given."""

    def happen(self, world: World) -> None:
        world.state.settings = dataclasses.replace(world.state.settings, as_of=None)


@dataclass(frozen=True)
class GivenNotAfter(Happening):
    """not_after is given, or another one: some days before tonight, or after it."""

    days: int

    def happen(self, world: World) -> None:
        not_after = world.now - timedelta(days=self.days - 10)
        world.state.settings = dataclasses.replace(world.state.settings, not_after=not_after)


@dataclass(frozen=True)
class ForgottenNotAfter(Happening):
    """not_after is no longer given."""

    def happen(self, world: World) -> None:
        world.state.settings = dataclasses.replace(world.state.settings, not_after=None)


@dataclass(frozen=True)
class ChangedTimeZone(Happening):
    """Days begin elsewhere."""

    value: int

    def happen(self, world: World) -> None:
        zones = ("America/New_York", "Asia/Kolkata", "UTC", "Pacific/Auckland")
        settings = world.state.settings
        world.state.settings = dataclasses.replace(settings, reporting_timezone=zones[self.value])


@dataclass(frozen=True)
class ChangedTimeout(RuleChange):
    """A channel has another timeout, or for the first time one of its own."""

    channel: int
    minutes: int

    def happen(self, world: World) -> None:
        channel = CHANNELS[self.channel] or "*"
        world.state.settings.timeout_minutes[channel] = self.minutes + 1


@dataclass(frozen=True)
class ChangedMapping(RuleChange):
    """An event type means something else, everywhere or in one source."""

    source: int
    column: int
    value: int

    def happen(self, world: World) -> None:
        source = ("*", projects.FILES_SOURCE)[self.source]
        boundary = ("resolved", "escalated", "none")[self.value % 3]
        world.state.settings.boundaries[(source, EVENT_TYPES[self.column])] = boundary


@dataclass(frozen=True)
class ChangedTakeovers(RuleChange):
    """Takeovers are made in a source or no longer, or they end something else there."""

    source: int
    value: int

    def happen(self, world: World) -> None:
        source, settings = SOURCES[self.source], world.state.settings
        if self.value == 0:
            switched = tuple(sorted({source} ^ set(settings.infer_takeovers)))
            world.state.settings = dataclasses.replace(settings, infer_takeovers=switched)
        else:
            boundary = ("resolved", "none", "escalated")[self.value - 1]
            settings.boundaries[(source, TAKEOVER)] = boundary


@dataclass(frozen=True)
class ChangedScope(RuleChange):
    """session_scope is switched."""

    def happen(self, world: World) -> None:
        now = world.state.settings.session_scope
        new = "session" if now == "conversation" else "conversation"
        world.state.settings = dataclasses.replace(world.state.settings, session_scope=new)


@dataclass(frozen=True)
class ChangedAfterEscalation(RuleChange):
    """after_escalation is switched."""

    def happen(self, world: World) -> None:
        now = world.state.settings.after_escalation
        new = "session" if now == "handoff" else "handoff"
        world.state.settings = dataclasses.replace(world.state.settings, after_escalation=new)


@dataclass(frozen=True)
class ChangedCourtesy(RuleChange):
    """courtesy_minutes is another number."""

    minutes: int

    def happen(self, world: World) -> None:
        settings = world.state.settings
        world.state.settings = dataclasses.replace(settings, courtesy_minutes=self.minutes)


@dataclass(frozen=True)
class ChangedCode(RuleChange):
    """The project's code is changed in one place, or as it was."""

    value: int

    def happen(self, world: World) -> None:
        was = world.state.code_change
        world.state.code_change = None if was == self.value else self.value


RULE_CHANGES: tuple[type[Happening], ...] = (
    *(ChangedTimeout, ChangedMapping, ChangedScope, ChangedAfterEscalation, ChangedCourtesy),
    *(ChangedCode, ChangedTakeovers),
)
# What touches one conversation or two.
SPARSE: tuple[type[Happening], ...] = (
    *(NewConversation, NewRows, LateRow, LateEvent, BackDatedRow, RepeatedRow, CorrectedRow),
    *(CorrectedWithoutLoadTime, CorrectedInPlace, ChangedConversation, ChangedConversationAgain),
    *(LostLoadTimes, DeletedRow, DeletedConversation, DeletedConversationRow, MovedMessage),
    *(SpoiltTime, SpoiltValue, MendedTime, RowWithoutId, SwappedBack, ExchangedContent),
    *(ShiftedContent, TimeFromTheFuture),
)
# What touches one rating, and so no conversation's cut.
OF_RATINGS: tuple[type[Happening], ...] = (
    *(NewRating, RepeatedRating, CorrectedRating, RatingCorrectedInPlace, DeletedRating),
    MovedRating,
)
# What touches the returns of a customer, and no conversation's cut.
OF_PERSONS: tuple[type[Happening], ...] = (ChangedIdentity,)
SWEEPING: tuple[type[Happening], ...] = (
    *(ReorderedRows, EmptiedTable, RestoredTables, SwitchedSource, Reverted),
    *(GivenAsOf, ForgottenAsOf, GivenNotAfter, ForgottenNotAfter, ChangedTimeZone),
)
KINDS = (*SPARSE, *OF_RATINGS, *OF_PERSONS, *SWEEPING, *RULE_CHANGES)


# --- nights ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Night:
    """What happened during a day, and how the build after it went."""

    happenings: tuple[Happening, ...] = ()
    is_missed: bool = False
    kill: Kill | None = None
    full_refresh: bool = False
    with_tests: bool = False


def drawn(kind: type[Happening], random: Random) -> Happening:
    """A happening of a kind."""
    names = [each.name for each in dataclasses.fields(kind)]
    return kind(**{name: random.randint(0, LARGEST[name]) for name in names})


def script(seed: int) -> tuple[Night, ...]:
    """Nights in which everything happens that can, in an order and at places of that seed."""
    random = Random(seed)
    deck: list[type[Happening]] = []
    little = (*SPARSE, *OF_RATINGS, *OF_PERSONS)

    def some(*first: Happening | type[Happening], count: int = 3) -> tuple[Happening, ...]:
        """These happenings, and the next of those that touch little."""
        kinds: list[Happening | type[Happening]] = [*first]
        for _ in range(count):
            if not deck:
                deck.extend(random.sample(little, len(little)))
            kinds.append(deck.pop())
        return tuple(kind if isinstance(kind, Happening) else drawn(kind, random) for kind in kinds)

    def kill() -> Kill:
        return Kill(random.randint(1, 40), random.choice((0, 5, 20, 50)))

    rules = random.sample(RULE_CHANGES, len(RULE_CHANGES))
    source = random.randint(0, 1)
    blocks = [
        [Night(some(*rules[:2], GivenAsOf)), Night(some(*rules[2:4], ForgottenAsOf))],
        [Night(some(count=4), is_missed=True), Night(some(ChangedTimeZone))],
        [
            Night(some(TimeFromTheFuture, TimeFromTheFuture, GivenNotAfter)),
            Night(some(GivenNotAfter)),
            Night(some(ForgottenNotAfter)),
        ],
        [Night(some(count=4), kill=kill()), Night(some())],
        [Night(some(count=4), kill=kill()), Night((Reverted(),))],
        [
            Night(some(*rules[4:]), kill=kill()),
            Night(some(SwitchedSource(source))),
            Night((SwitchedSource(source), *some(), drawn(EmptiedTable, random))),
            Night(some(RestoredTables)),
        ],
        [Night(some(count=4), full_refresh=True)],
        [Night((ReorderedRows(seed),))],
    ]
    random.shuffle(blocks)
    nights = [night for block in blocks for night in block]
    return (Night(), *nights, Night(some(MendedTime, count=4), with_tests=True))


def ordinary(seed: int, count: int) -> tuple[Night, ...]:
    """Nights as most are, each with news and a few odd rows; in one of them a rule changes."""
    random = Random(seed)
    odd = [kind for kind in SPARSE if kind not in (NewConversation, NewRows)]

    def night(number: int) -> Night:
        kinds = [*[NewConversation, NewRows] * 6, *random.sample(odd, 8)]
        rule = [ChangedTimeout(0, 14)] if number == 2 * count // 3 else []
        return Night((*(drawn(kind, random) for kind in kinds), *rule))

    return (Night(), *(night(number) for number in range(1, count)))
