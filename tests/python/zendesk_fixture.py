"""Zendesk's tables as the Fivetran connector lands them: the worked cases, and what misleads.

Chats hold their messages in ticket_chat_event, and a ticket only where somebody had to see to it.
Every text of a message, every name and every address holds SECRET: none may ever be loaded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from timelines import FOUNDING, LOADED, START, WORKED_CASES, steps

Row = dict[str, Any]

SECRET = "keep-this-secret"
SCHEMA: dict[str, str] = {
    "ticket": """id bigint, _fivetran_synced timestamp, _fivetran_deleted boolean,
        assignee_id bigint, brand_id bigint, created_at timestamp, description varchar,
        group_id bigint, is_public boolean, priority varchar, recipient varchar,
        requester_id bigint, status varchar, subject varchar, submitter_id bigint, type varchar,
        updated_at timestamp, url varchar, via_channel varchar, merged_ticket_ids varchar,
        via_followup_source_id bigint""",
    "ticket_comment": """id bigint, _fivetran_synced timestamp, body varchar, created timestamp,
        facebook_comment boolean, public boolean, ticket_id bigint, tweet boolean, user_id bigint,
        voice_comment boolean""",
    "ticket_field_history": """field_name varchar, ticket_id bigint, updated timestamp,
        _fivetran_synced timestamp, user_id bigint, value varchar""",
    "user": """id bigint, _fivetran_synced timestamp, active boolean, email varchar, name varchar,
        phone varchar, role varchar, suspended boolean""",
    "brand": "id bigint, _fivetran_synced timestamp, active boolean, name varchar",
    "ticket_tag": "tag varchar, ticket_id bigint, _fivetran_synced timestamp",
    "satisfaction_rating": """id bigint, _fivetran_synced timestamp, assignee_id bigint,
        comment varchar, created_at timestamp, reason varchar, requester_id bigint, score varchar,
        ticket_id bigint, updated_at timestamp""",
    "ticket_chat": """chat_id varchar, _fivetran_synced timestamp, authenticated boolean,
        backend varchar, channel varchar, conversation_id varchar, initiator int, tags varchar,
        ticket_id bigint, user_id bigint, visitor_id varchar, webpath varchar""",
    "ticket_chat_event": """chat_id varchar, created_at timestamp, _fivetran_synced timestamp,
        actor_id varchar, chat_index int, external_message_id varchar, filename varchar,
        is_history_context boolean, message varchar, message_id varchar, message_source varchar,
        original_message varchar, original_message_type varchar, reason varchar, status varchar,
        type varchar""",
}

BOT, AGENT, GROUP, BRAND, ZENDESK = 900, 77, 360, 36000, -1
LANDED = "jsonl"
# What a user adds: the bot that answers e-mails writes under an agent's account.
LOOKUPS = {"zendesk/zendesk_authors.csv": [f"agent,{BOT},bot"]}

# What misleads, each a conversation of its own: its timeline in the notation of the worked cases,
# and what each of its segments must be. More letters than there:
#   h: an earlier message, shown again    t: a chat trigger writes     z: Zendesk itself comments
#   k: the customer comments, after the chat   n: an internal comment  D: to another department
#   B: the bot's account joins the chat   g: a group is set   u: unassigned   w: opened again
#   x: closed, which Zendesk does by itself   s: a message was delivered
#   m: merged into another ticket, by the agent, of which Zendesk tells in a comment
TRAPS: dict[str, tuple[str, list[str]]] = {
    "shown again": ("c0 b1 h20 c50", ["timed_out", "timed_out"]),
    "a trigger is no bot": ("t0 c50 b51 R52", ["resolved"]),
    "the chat is in its ticket as well": ("c0 b1 R2 k100", ["resolved", "timed_out"]),
    "an internal comment": ("c0 b1 R2 n20 k50", ["resolved", "timed_out"]),
    "to another department": ("c0 b1 D2 a3 R5", ["escalated", "handoff"]),
    "the bot joins": ("c0 B0 b1 R2", ["resolved"]),
    "a group is no person": ("c0 g1 b1 u1 R2", ["resolved"]),
    "opened and closed again": ("c0 b1 R2 w3 x9", ["resolved"]),
    "Zendesk comments by itself": ("c0 b1 s1 R2 z40", ["resolved"]),
    "deleted": ("c0 b1 R2", ["excluded"]),
    "spam": ("c0 b1 R2", ["excluded"]),
    "one chat, two tickets": ("c0 b1 R2", ["resolved"]),
    "merged": ("c0 b1 m50", ["excluded"]),
}
FIRST_CASE, FIRST_TRAP = 9990, 10101
IN_A_TICKET = set("aERkngDuwxzm")  # a chat without any of these leads to no ticket


def _is_ticket(timeline: str) -> bool:
    return not IN_A_TICKET.isdisjoint(step for step, _ in steps(timeline, START))


def _ids(timelines: dict[str, str], first: int) -> dict[str, str]:
    return {
        name: str(number) if _is_ticket(timeline) else f"chat {_chat(number)}"
        for number, (name, timeline) in enumerate(timelines.items(), start=first)
    }


def _chat(number: int) -> str:
    return f"4323.{number}.TyDs6revFIOI0Y"


# The sample's conversation -> Zendesk's.
CASE_IDS = _ids(WORKED_CASES, FIRST_CASE)
TRAP_IDS = _ids({name: timeline for name, (timeline, _) in TRAPS.items()}, FIRST_TRAP)


def tables() -> dict[str, list[Row]]:
    """Every table with its rows."""
    desk = Desk()
    for number, (name, timeline) in enumerate(WORKED_CASES.items(), start=FIRST_CASE):
        if name == FOUNDING or "b" not in timeline:
            desk.play_ticket(number, timeline, "email" if name == FOUNDING else "chat")
        else:
            desk.play_chat(number, timeline)
    for number, (name, (timeline, _)) in enumerate(TRAPS.items(), start=FIRST_TRAP):
        desk.play_chat(number, timeline)
        if name == "deleted":
            desk.tables["ticket"][-1]["status"] = "deleted"
        if name == "spam":
            desk.add("ticket_tag", tag="Spam", ticket_id=number)
        if name == "one chat, two tickets":
            desk.add("ticket_chat", **{**desk.tables["ticket_chat"][-1], "ticket_id": 9})
            desk.tables["ticket_chat"][-1]["ticket_id"] = 100_000
            desk.ticket(100_000, START, "native_messaging")
    rated = {"ticket_id": FIRST_CASE, "comment": SECRET}
    asked, given = START + timedelta(minutes=2), START + timedelta(minutes=3)
    desk.add("satisfaction_rating", id=1, score="offered", created_at=asked, **rated)
    desk.add("satisfaction_rating", id=2, score="good", created_at=asked, updated_at=given, **rated)
    desk.add("brand", id=BRAND, active=True, name="Worked cases")
    for user, role in ((BOT, "agent"), (AGENT, "agent")):
        desk.add("user", id=user, role=role, name=SECRET, email=f"{SECRET}@example.org")
    return desk.tables


@dataclass
class Desk:
    """A Zendesk that writes its tables as it does."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in SCHEMA})

    def add(self, table: str, **row: Any) -> None:
        self.tables[table].append({**row, "_fivetran_synced": LOADED})

    def ticket(self, number: int, at: datetime, channel: str) -> None:
        self.add(
            "ticket",
            id=number,
            brand_id=BRAND,
            created_at=at,
            description=SECRET,
            is_public=True,
            recipient=f"{SECRET}@example.org",
            requester_id=_customer(number),
            status="closed",
            subject=SECRET,
            submitter_id=_customer(number),
            via_channel=channel,
        )

    def play_ticket(self, number: int, timeline: str, channel: str) -> None:
        """Live through a ticket without a chat: all are comments, the bot's under its account."""
        self.ticket(number, START, channel)
        self.add("user", id=_customer(number), role="end-user", name=SECRET, email=SECRET)
        helper = BOT
        for step, at in steps(timeline, START):
            helper = AGENT if step == "a" else helper
            if step in "cba":
                self._comment(number, at, {"c": _customer(number), "b": BOT, "a": AGENT}[step])
            else:
                self._in_ticket(number, step, at, helper)

    def play_chat(self, number: int, timeline: str) -> None:
        """Live through a chat with Zendesk's own bot."""
        chat, helper, last = _chat(number), BOT, START
        has_ticket = _is_ticket(timeline)
        if has_ticket:
            self.ticket(number, START, "native_messaging")
        self.add(
            "ticket_chat",
            chat_id=chat,
            channel="native_messaging",
            backend="chat",
            initiator=2,
            ticket_id=number if has_ticket else None,
            user_id=_customer(number),
            visitor_id=SECRET,
        )
        for step, at in steps(timeline, START):
            helper = AGENT if step == "a" else helper
            if step in "cbatshEDB":
                self._in_chat(chat, number, step, at)
                last = max(last, at)
            else:
                self._in_ticket(number, step, at, helper)
        if has_ticket:  # the whole chat once more, as one comment
            self._comment(number, last + timedelta(seconds=20), _customer(number))

    def _in_chat(self, chat: str, number: int, step: str, at: datetime) -> None:
        customer, agent, bot = str(_customer(number)), f"agent:{AGENT}", f"agent:{BOT}"
        kind, actor, source = {
            "c": ("ChatMessage", customer, "web"),
            "b": ("ChatMessage", bot, "zd:answerBot"),
            "a": ("ChatMessage", agent, "zd:agentWorkspace"),
            "t": ("ChatMessage", "__trigger", None),
            "h": ("ChatMessage", customer, "web"),
            "s": ("ChatMessageStatus", customer, None),
            "E": ("ChatJoin", agent, None),
            "B": ("ChatJoin", bot, None),
            "D": ("ChatDepartmentTransfer", "__system", None),
        }[step]
        original = {
            "author": {"display_name": SECRET, "type": "USER" if step in "ch" else "BUSINESS"},
            "content": {"text": {"text": SECRET}},
            "source": {"type": source},
        }
        self.add(
            "ticket_chat_event",
            chat_id=chat,
            created_at=at,
            actor_id=actor,
            chat_index=0,  # it is not unique
            is_history_context=step == "h",
            message=SECRET,
            original_message=json.dumps(original) if source else None,
            type=kind,
        )

    def _in_ticket(self, number: int, step: str, at: datetime, helper: int) -> None:
        changes = {
            "R": ("status", "solved"),
            "w": ("status", "open"),
            "x": ("status", "closed"),
            "E": ("assignee_id", str(AGENT)),
            "u": ("assignee_id", None),
            "g": ("group_id", str(GROUP)),
        }
        comments = {"k": _customer(number), "n": AGENT, "z": ZENDESK}
        if step == "m":
            self.add("ticket_tag", tag="closed_by_merge", ticket_id=number)
            self._change(number, "assignee_id", str(AGENT), at, AGENT)
            self._change(number, "status", "closed", at, AGENT)
            self._comment(number, at, AGENT)
        elif step in comments:
            self._comment(number, at, comments[step], public=step != "n")
        else:
            name, value = changes[step]
            self._change(number, name, value, at, helper)
            # What else changes with it is no event, and may be a text.
            self._change(number, "subject", SECRET, at, helper)

    def _change(self, number: int, name: str, value: str | None, at: datetime, user: int) -> None:
        self.add(
            "ticket_field_history",
            ticket_id=number,
            field_name=name,
            value=value,
            updated=at,
            user_id=user,
        )

    def _comment(self, number: int, at: datetime, user: int, *, public: bool = True) -> None:
        self.add(
            "ticket_comment",
            id=99_990 + len(self.tables["ticket_comment"]),
            ticket_id=number,
            user_id=user,
            body=SECRET,
            created=at,
            public=public,
        )


def _customer(number: int) -> int:
    return 4_000_000 + number
