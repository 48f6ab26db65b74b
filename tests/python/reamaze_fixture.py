"""Re:amaze's conversations and messages as its API gives them: the worked cases, and what misleads.

Every text, name and address holds SECRET: none may ever be loaded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from timelines import FOUNDING, START, WORKED_CASES, steps

Row = dict[str, Any]

SECRET = "keep-this-secret"
# As a reader of JSON lands them: what is nested is JSON. brand and loaded_at are the loader's.
SCHEMA: dict[str, str] = {
    "conversations": """slug varchar, subject varchar, status int, created_at varchar,
        updated_at varchar, origin int, hold_until varchar, data json, author json, assignee json,
        perma_url varchar, tag_list json, display_subject varchar, category json, message json,
        last_customer_message json, followers json, message_count int, brand varchar,
        loaded_at timestamp""",
    "messages": """body varchar, visibility int, origin int, origin_id varchar, created_at varchar,
        "user" json, recipients json, direct_recipients json, attachments json, meta json,
        conversation json, loaded_at timestamp""",
}
UNRESOLVED, PENDING, RESOLVED, SPAM, ARCHIVED, ON_HOLD = range(6)
AUTO_RESOLVED, WITH_BOT, BOT_RESOLVED, SPAM_BY_AI = range(6, 10)
CHAT, EMAIL = 0, 1

BOT, CUSTOMER, AGENT = (
    {"name": f"{SECRET} {who}", "email": f"{who}.{SECRET}@example.org", "staff?": staff}
    for who, staff in (("Bot", True), ("customer", False), ("agent", True))
)
# It sends by itself, and its address stands in a lookup: that of nobody.
INBOX = {"name": "Orders", "email": "Orders@shop.example", "staff?": True}
AUTHORS = {"b": BOT, "c": CUSTOMER, "a": AGENT, "i": INBOX}
LOOKUPS = {"reamaze/reamaze_authors.csv": ["orders@SHOP.example,system"]}

# What misleads, each a conversation of its own: its timeline in the notation of the worked cases,
# and what each of its segments must be. More letters than there:
#   n: an internal note    i: an inbox that sends by itself    s: found to be spam
#   S: resolved by the reply, as Re:amaze does by itself       X: resolved by the clock
#   L: the bot lets go, and nobody is assigned                 o: archived
TRAPS: dict[str, tuple[str, list[str]]] = {
    "a reply resolves by itself": ("c0 b1 E2 a5 S5 c8 a9 S9", ["escalated", "handoff"]),
    "a person takes over": ("c0 b1 a2 S2", ["escalated", "handoff"]),
    "a person takes over after the timeout": ("c0 b1 a45 S45", ["escalated", "handoff"]),
    "the bot lets go": ("c0 b1 L2", ["escalated"]),
    "resolved by the clock": ("c0 b1 X20", ["resolved"]),
    "notes and inboxes are no activity": ("c0 b1 i2 n29 c58", ["timed_out", "timed_out"]),
    "archived is not resolved": ("c0 b1 o5", ["timed_out"]),
    "spam": ("c0 b1 s2", ["excluded"]),
}

CASE_IDS = {name: f"worked-{name}" for name in WORKED_CASES}
TRAP_IDS = {name: f"trap-{number}" for number, name in enumerate(TRAPS, start=1)}


def tables() -> dict[str, list[Row]]:
    """Both tables, conversations looked at after each change."""
    desk = Desk()
    for name, timeline in WORKED_CASES.items():
        desk.play(CASE_IDS[name], timeline, EMAIL if name == FOUNDING else CHAT)
    for name, (timeline, _) in TRAPS.items():
        desk.play(TRAP_IDS[name], timeline, CHAT)
    return {"conversations": desk.conversations, "messages": desk.messages}


@dataclass
class Desk:
    """A Re:amaze that is looked at again after each change."""

    conversations: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)

    def play(self, slug: str, timeline: str, origin: int) -> None:
        """Live through one conversation."""
        status = WITH_BOT if "b" in timeline else UNRESOLVED
        self._look(slug, origin, START, status)
        for step, at in steps(timeline, START):
            before = status
            if step in AUTHORS:
                self._say(slug, origin, at, AUTHORS[step])
                if step == "b":
                    status = WITH_BOT
                elif step == "c" and status in (RESOLVED, AUTO_RESOLVED, BOT_RESOLVED):
                    status = WITH_BOT if status == BOT_RESOLVED else UNRESOLVED
            elif step == "n":
                self._say(slug, origin, at, AGENT, visibility=1)
            elif step == "R" and status == BOT_RESOLVED:
                # Opened by hand, and closed again.
                self._look(slug, origin, at - timedelta(seconds=30), WITH_BOT)
            elif step in "EL" and status != WITH_BOT:
                self._look(slug, origin, at, WITH_BOT)
            if step in "REXLSso":
                status = {
                    "R": BOT_RESOLVED if status in (WITH_BOT, BOT_RESOLVED) else RESOLVED,
                    "E": UNRESOLVED,
                    "L": PENDING,
                    "X": AUTO_RESOLVED,
                    "S": RESOLVED,
                    "s": SPAM_BY_AI,
                    "o": ARCHIVED,
                }[step]
            if status != before or step in "RE":
                self._look(slug, origin, at, status, assigned=step == "E")

    def _look(
        self, slug: str, origin: int, at: datetime, status: int, *, assigned: bool = False
    ) -> None:
        self.conversations.append(
            {
                "slug": slug,
                "subject": f"{SECRET}: where is my order?",
                "status": status,
                "created_at": _there(START),
                "updated_at": _there(at),
                "origin": origin,
                "author": json.dumps(_person(CUSTOMER, slug)),
                "assignee": json.dumps({"name": SECRET, "email": SECRET} if assigned else None),
                "display_subject": SECRET,
                "category": json.dumps({"name": SECRET, "slug": "help", "channel": origin}),
                "message": json.dumps({"body": SECRET}),
                "followers": json.dumps([{**BOT, "bot?": True}, {**AGENT, "bot?": False}]),
                "brand": "Worked cases",
                "loaded_at": at + timedelta(seconds=1),
            }
        )

    def _say(self, slug: str, origin: int, at: datetime, author: Row, visibility: int = 0) -> None:
        self.messages.append(
            {
                "body": f"{SECRET}: message {len(self.messages)}",
                "visibility": visibility,
                "origin": origin,
                "created_at": _there(at),
                "user": json.dumps(_person(author, slug)),
                "recipients": json.dumps([SECRET]),
                "conversation": json.dumps({"subject": SECRET, "slug": slug}),
                "loaded_at": at + timedelta(seconds=1),
            }
        )


def _person(person: Row, slug: str) -> Row:
    """Each conversation has its own customer."""
    return {**person, "email": f"{slug}.{person['email']}"} if person is CUSTOMER else person


def _there(moment: datetime) -> str:
    """As the API writes times: with an offset."""
    return f"{(moment - timedelta(hours=7)).isoformat(timespec='milliseconds')}-07:00"
