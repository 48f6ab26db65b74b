"""Chatwoot's tables in their true shape: the worked cases, and what misleads in Chatwoot.

Every text of a message, every name and every address holds SECRET: none may ever be loaded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from timelines import FOUNDING, LOADED, START, WORKED_CASES, steps

Row = dict[str, Any]

SECRET = "keep-this-secret"
# Columns with their types in PostgreSQL, as Chatwoot 4.14 makes them; enums are numbers.
SCHEMA: dict[str, str] = {
    "accounts": """id serial primary key, name varchar, created_at timestamp, updated_at timestamp,
        locale int, domain varchar, support_email varchar, feature_flags bigint,
        auto_resolve_duration int, limits jsonb, custom_attributes jsonb, status int,
        internal_attributes jsonb, settings jsonb""",
    "inboxes": """id serial primary key, channel_id int, account_id int, name varchar,
        created_at timestamp, updated_at timestamp, channel_type varchar,
        enable_auto_assignment boolean, greeting_enabled boolean, greeting_message varchar,
        email_address varchar, working_hours_enabled boolean, out_of_office_message varchar,
        timezone varchar, enable_email_collect boolean, csat_survey_enabled boolean,
        allow_messages_after_resolved boolean, auto_assignment_config jsonb,
        lock_to_single_conversation boolean, portal_id bigint, sender_name_type int,
        business_name varchar, csat_config jsonb""",
    "conversations": """id serial primary key, account_id int, inbox_id int, status int,
        assignee_id int, created_at timestamp, updated_at timestamp, contact_id bigint,
        display_id int, contact_last_seen_at timestamp, agent_last_seen_at timestamp,
        additional_attributes jsonb, contact_inbox_id bigint, uuid uuid, identifier varchar,
        last_activity_at timestamp, team_id bigint, campaign_id bigint, snoozed_until timestamp,
        custom_attributes jsonb, assignee_last_seen_at timestamp, first_reply_created_at timestamp,
        priority int, sla_policy_id bigint, waiting_since timestamp, cached_label_list text,
        assignee_agent_bot_id bigint""",
    "messages": """id serial primary key, content text, account_id int, inbox_id int,
        conversation_id int, message_type int, created_at timestamp, updated_at timestamp,
        private boolean, status int, source_id text, content_type int, content_attributes json,
        sender_type varchar, sender_id bigint, external_source_ids jsonb,
        additional_attributes jsonb, processed_message_content text, sentiment jsonb""",
    "reporting_events": """id serial primary key, name varchar, value float, account_id int,
        inbox_id int, user_id int, conversation_id int, created_at timestamp, updated_at timestamp,
        value_in_business_hours float, event_start_time timestamp, event_end_time timestamp""",
    "agent_bot_inboxes": """id serial primary key, inbox_id int, agent_bot_id int, status int,
        created_at timestamp, updated_at timestamp, account_id int""",
    "csat_survey_responses": """id serial primary key, account_id bigint, conversation_id bigint,
        message_id bigint, rating int, feedback_message text, contact_id bigint,
        assigned_agent_id bigint, created_at timestamp, updated_at timestamp,
        csat_review_notes text""",
    "users": """id serial primary key, email varchar, name varchar, encrypted_password varchar,
        otp_secret varchar, created_at timestamp, updated_at timestamp""",
}
# Of Chatwoot Enterprise: a community installation has no such table.
ENTERPRISE = {
    "captain_inboxes": """id serial primary key, captain_assistant_id bigint, inbox_id bigint,
        created_at timestamp, updated_at timestamp""",
}

INCOMING, OUTGOING, ACTIVITY, TEMPLATE = range(4)
OPEN, RESOLVED, PENDING, SNOOZED = range(4)
WEBSITE, EMAIL, NO_BOT_ANY_MORE = 1, 2, 3  # inboxes
SENDERS = {
    "c": (INCOMING, "Contact", None),
    "b": (OUTGOING, "AgentBot", 1),
    "a": (OUTGOING, "User", 7),
}

# What misleads, each a conversation of its own: its timeline in the notation of the worked cases,
# the inbox, and what each of its segments must be. More letters than there:
#   n/N: a private note by Captain / a person      t: a template (greeting)
#   r: a message by an automation rule             p: one by a campaign
#   x: a person in the messenger's own app         O: opened again by hand or by itself, no handoff
#   H: Captain hands off, by its own judgement     d: a customer's message that was deleted later
TRAPS: dict[str, tuple[str, int, list[str]]] = {
    "a second handoff": (
        "c0 b1 E2 a5 R6 c+1d b+1 E+1",
        WEBSITE,
        ["escalated", "handoff", "escalated"],
    ),
    "a second handoff without a word of the bot": (
        "c0 b1 E2 a5 R6 c+1d E+1",
        WEBSITE,
        ["escalated", "handoff", "escalated"],
    ),
    "back to people, for the bot is gone": (
        "c0 b1 R2 c+1d O+0 a+5 R+1",
        NO_BOT_ANY_MORE,
        ["resolved", "resolved"],
    ),
    "opened by hand and closed again": ("c0 b1 R2 O+9 R+1", WEBSITE, ["resolved"]),
    "a person takes over": ("c0 b1 a2 R5", WEBSITE, ["escalated", "handoff"]),
    "a person takes over days later, after the customer": (
        "c0 b1 c5 a+2d R+5",
        WEBSITE,
        ["escalated", "handoff"],
    ),
    "a person in the messenger's app": ("c0 b1 x2 R5", WEBSITE, ["escalated", "handoff"]),
    "notes are not for the customer": ("c0 b1 n2 N3 R4", WEBSITE, ["resolved"]),
    "a template is no bot": ("t0 c50 b51 R52", WEBSITE, ["resolved"]),
    "a rule is no person": ("c0 b1 r2 R3", WEBSITE, ["resolved"]),
    "a campaign is no person": ("p0 c50 b51 R52", WEBSITE, ["resolved"]),
    "Captain judges": ("c0 b1 H2 a3 R9", WEBSITE, ["escalated", "handoff"]),
    "a deleted message was one": ("c0 b1 d29 c58 R59", WEBSITE, ["resolved"]),
    "closed for silence, late": ("c0 b1 R62", WEBSITE, ["resolved"]),
    "spam": ("c0 b1 R2", WEBSITE, ["excluded"]),
}
FIRST_TRAP = 101  # conversation id

# The sample's conversation -> Chatwoot's.
CASE_IDS = {name: str(number) for number, name in enumerate(WORKED_CASES, start=1)}
TRAP_IDS = {name: str(number) for number, name in enumerate(TRAPS, start=FIRST_TRAP)}


def tables() -> dict[str, list[Row]]:
    """Every table with its rows; ids rise with the order of writing."""
    desk = Desk()
    for number, (name, timeline) in enumerate(WORKED_CASES.items(), start=1):
        desk.play(number, timeline, EMAIL if name == FOUNDING else WEBSITE)
    for number, (name, (timeline, inbox, _)) in enumerate(TRAPS.items(), start=FIRST_TRAP):
        desk.play(number, timeline, inbox, labels="vip, Spam" if name == "spam" else None)
    return desk.finish()


@dataclass
class Desk:
    """A Chatwoot that writes its tables as it does: some rows never, some too late."""

    conversations: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    ratings: list[Row] = field(default_factory=list)

    def play(self, number: int, timeline: str, inbox: int, labels: str | None = None) -> None:
        """Live through one conversation."""
        handed_off = human = False
        resolved_at: datetime | None = None
        at = START
        for step, at in steps(timeline, START):
            if step in SENDERS:
                human = human or step == "a"
                self._say(number, inbox, at, *SENDERS[step])
            elif step == "R":
                self._happen(number, inbox, "conversation_resolved", at, START)
                if not human and inbox != NO_BOT_ANY_MORE:
                    self._happen(number, inbox, "conversation_bot_resolved", at, START)
                self._say(number, inbox, at, ACTIVITY, None, None)
                resolved_at = at
            elif step in "EHO":
                if step == "H":
                    self._happen(number, inbox, "conversation_captain_inference_handoff", at, START)
                if step != "O" and not handed_off:  # once in the life of a conversation
                    self._happen(number, inbox, "conversation_bot_handoff", at, START)
                    handed_off = True
                # The first opening of a conversation has the value 0.
                self._happen(number, inbox, "conversation_opened", at, resolved_at or at)
                self._say(number, inbox, at, ACTIVITY, None, None)
            else:
                self._say_otherwise(number, inbox, at, step)
        self.conversations.append(
            {
                "id": number,
                "account_id": 1,
                "inbox_id": inbox,
                "status": RESOLVED,
                "created_at": START,
                "updated_at": at,
                "contact_id": 1000 + number,
                "display_id": 5000 - number,
                "additional_attributes": json.dumps({"referer": SECRET}),
                "identifier": SECRET,
                "cached_label_list": labels,
            }
        )

    def _say_otherwise(self, number: int, inbox: int, at: datetime, step: str) -> None:
        match step:
            case "n":
                self._say(number, inbox, at, OUTGOING, "Captain::Assistant", 2, private=True)
            case "N":
                self._say(number, inbox, at, OUTGOING, "User", 7, private=True)
            case "t":
                self._say(number, inbox, at, TEMPLATE, None, None)
            case "r":
                self._say(number, inbox, at, OUTGOING, "User", 7, content={"automation_rule_id": 4})
            case "p":
                self._say(number, inbox, at, OUTGOING, "User", 7, more={"campaign_id": 3})
            case "x":
                self._say(number, inbox, at, OUTGOING, None, None, content={"external_echo": True})
            case "d":
                self._say(number, inbox, at, *SENDERS["c"], content={"deleted": True})
            case _:
                raise ValueError(f"not a step: {step}")

    def _say(
        self,
        number: int,
        inbox: int,
        at: datetime,
        message_type: int,
        sender_type: str | None,
        sender_id: int | None,
        *,
        private: bool = False,
        content: Row | None = None,
        more: Row | None = None,
    ) -> None:
        # Chatwoot encodes these attributes twice: the object stands as text in a JSON text.
        attributes = json.dumps({"email": {"from": f"{SECRET}@example.org"}, **(content or {})})
        self.messages.append(
            {
                "content": f"{SECRET}: where is my order?",
                "account_id": 1,
                "inbox_id": inbox,
                "conversation_id": number,
                "message_type": message_type,
                "created_at": at,
                "updated_at": at,
                "private": private,
                "status": 0,
                "content_type": 0,
                "content_attributes": json.dumps(attributes),
                "sender_type": sender_type,
                "sender_id": 1000 + number if sender_type == "Contact" else sender_id,
                "additional_attributes": json.dumps({"reply_to": SECRET, **(more or {})}),
                "processed_message_content": SECRET,
            }
        )

    def _happen(self, number: int, inbox: int, name: str, at: datetime, since: datetime) -> None:
        written = at + timedelta(minutes=2)  # by a job, later
        self.events.append(
            {
                "name": name,
                "value": (at - since).total_seconds(),
                "account_id": 1,
                "inbox_id": inbox,
                "user_id": 7,
                "conversation_id": number,
                "created_at": written,
                "updated_at": written,
                "event_start_time": since,
                "event_end_time": at,
            }
        )

    def finish(self) -> dict[str, list[Row]]:
        """The tables, with ids in the order of writing."""
        self.messages.sort(key=lambda row: row["created_at"])
        self.events.sort(key=lambda row: row["created_at"])
        dated = {"created_at": START, "updated_at": START}
        names = {"name": SECRET, "email_address": f"{SECRET}@example.org"}
        return {
            "accounts": [{"id": 1, "name": "Aurora", "support_email": SECRET, **dated}],
            "inboxes": [
                {
                    "id": number,
                    "account_id": 1,
                    "channel_type": channel_type,
                    "business_name": brand,
                    **names,
                    **dated,
                }
                for number, channel_type, brand in (
                    (WEBSITE, "Channel::WebWidget", "Worked cases"),
                    (EMAIL, "Channel::Email", None),
                    (NO_BOT_ANY_MORE, "Channel::WebWidget", "Worked cases"),
                )
            ],
            "conversations": self.conversations,
            # Numbers that are sorted as text stand in another order: 9 and 10, 99 and 100.
            "messages": numbered(self.messages),
            "reporting_events": numbered(self.events),
            "agent_bot_inboxes": numbered(
                [
                    {"inbox_id": WEBSITE, "agent_bot_id": 1, "status": 0, **dated},
                    {"inbox_id": EMAIL, "agent_bot_id": 1, "status": 0, **dated},
                    {"inbox_id": NO_BOT_ANY_MORE, "agent_bot_id": 1, "status": 1, **dated},
                ]
            ),
            "csat_survey_responses": numbered(
                [
                    {
                        "conversation_id": 1,
                        "rating": 4,
                        "feedback_message": SECRET,
                        "created_at": START + timedelta(minutes=3),
                        "updated_at": START + timedelta(minutes=3),
                    }
                ]
            ),
            "users": [{"id": 7, "email": f"{SECRET}@example.org", "name": SECRET, **dated}],
        }


def numbered(rows: list[Row]) -> list[Row]:
    """The rows with their ids, as a serial column gives them."""
    return [{"id": number, **row} for number, row in enumerate(rows, start=1)]


def with_load_time(rows: dict[str, list[Row]]) -> Iterator[tuple[str, list[Row]]]:
    """The tables as a loader leaves them, loaded when the sample was."""
    for name, table in rows.items():
        yield name, [{**row, "loaded_at": LOADED} for row in table]
