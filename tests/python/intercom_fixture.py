"""Intercom's tables as the Fivetran connector lands them: the worked cases, and what misleads.

Every text of a message, every name and every address holds SECRET: none may ever be loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from timelines import FOUNDING, LOADED, START, WORKED_CASES, steps

Row = dict[str, Any]

SECRET = "keep-this-secret"
SCD = "_fivetran_synced timestamp, _fivetran_start timestamp, _fivetran_end timestamp, "
SCD += "_fivetran_active boolean"
# Columns with their types, as the connector makes them. A landing of 2020 has no ai_agent_ columns.
SCHEMA: dict[str, str] = {
    "conversation_history": f"""id varchar, updated_at timestamp, assignee_id bigint,
        assignee_type varchar, conversation_rating_created_at timestamp,
        conversation_rating_remark varchar, conversation_rating_value int, created_at timestamp,
        first_contact_reply_created_at timestamp, first_contact_reply_type varchar,
        priority varchar, read boolean, sla_name varchar, sla_status varchar,
        snoozed_until timestamp, source_author_id varchar, source_author_type varchar,
        source_delivered_as varchar, source_id varchar, source_type varchar, state varchar,
        waiting_since timestamp, source_body varchar, source_subject varchar, source_url varchar,
        ai_agent_participated boolean, ai_agent_resolution_state varchar, {SCD}""",
    "conversation_part_history": f"""id varchar, updated_at timestamp, assigned_to_id varchar,
        assigned_to_type varchar, author_id varchar, author_type varchar, conversation_id varchar,
        conversation_updated_at timestamp, created_at timestamp, notified_at timestamp,
        part_type varchar, body varchar, from_ai_agent boolean, {SCD}""",
    "conversation_contact_history": f"""contact_id varchar, conversation_id varchar,
        conversation_updated_at timestamp, {SCD}""",
    "conversation_tag_history": f"""tag_id varchar, conversation_id varchar,
        conversation_updated_at timestamp, {SCD}""",
    "tag": "id varchar, _fivetran_deleted boolean, _fivetran_synced timestamp, name varchar",
    "admin": """id varchar, _fivetran_deleted boolean, _fivetran_synced timestamp,
        job_title varchar, email varchar, name varchar""",
}

BOT, ADMIN, TEAM = "900", "77", "123456"
LANDED = "csv"
AUTHORS = {"b": ("bot", BOT), "a": ("admin", ADMIN)}

# What misleads, each a conversation of its own: its timeline in the notation of the worked cases,
# and what each of its segments must be. More letters than there:
#   f: Fin writes under a teammate's account      n: a note                 s: snoozed
#   A: an assignment that carries the reply       C: a close that carries a text, by a teammate
#   U: assigned to nobody    v: an older version of the message before, said to be another's
#   p: a campaign, under a teammate's name (as the opening message)
#   W: assigned, without a word for whom     x: a teammate writes who was deleted since
#   M: merged into another conversation      k: which closes this one
TRAPS: dict[str, tuple[str, list[str]]] = {
    "Fin under a teammate's account": ("c0 f1 R2", ["resolved"]),
    "a reply that assigns": ("c0 b1 A5 c6 R7", ["escalated", "handoff"]),
    "a closing text is of the handling that it closes": ("c0 b1 E2 C5", ["escalated", "handoff"]),
    "who closes with a text takes over": ("c0 b1 C2", ["escalated", "handoff"]),
    "assigned to nobody": ("c0 b1 U2 R3", ["resolved"]),
    "notes and snoozes are no activity": ("c0 b1 n20 s25 c50", ["timed_out", "timed_out"]),
    "an older version": ("c0 b1 v1 R2", ["resolved"]),
    "a campaign is no person": ("p0 c50 b51 R52", ["resolved"]),
    "spam": ("c0 b1 R2", ["excluded"]),
    "assigned without a word for whom": ("c0 b1 W2 x3 R4", ["escalated", "handoff"]),
    "merged": ("c0 b1 M5 k5", ["excluded"]),
}
FIRST_CASE, FIRST_TRAP = 156643300000001, 156643300000101

# The sample's conversation -> Intercom's.
CASE_IDS = {name: str(number) for number, name in enumerate(WORKED_CASES, start=FIRST_CASE)}
TRAP_IDS = {name: str(number) for number, name in enumerate(TRAPS, start=FIRST_TRAP)}

# What Intercom says of Fin, conversation by conversation.
VERDICTS = {
    FOUNDING: "escalated",
    "case-01": "confirmed_resolution",
    "case-02": "negative_feedback",
    "case-05": "assumed_resolution",
    "case-10": "assumed_resolution",
}


def tables() -> dict[str, list[Row]]:
    """Every table with its rows."""
    inbox = Inbox()
    for name, timeline in WORKED_CASES.items():
        channel = "email" if name == FOUNDING else "conversation"
        inbox.play(CASE_IDS[name], timeline, channel, VERDICTS.get(name))
    for name, (timeline, _) in TRAPS.items():
        inbox.play(TRAP_IDS[name], timeline, "conversation")
    synced = {"_fivetran_synced": LOADED}
    inbox.tables["conversation_tag_history"] = [
        {"tag_id": "5", "conversation_id": TRAP_IDS["spam"], **_version(START)}
    ]
    inbox.tables["tag"] = [{"id": "5", "name": "Spam", "_fivetran_deleted": False, **synced}]
    inbox.tables["admin"] = [{"id": ADMIN, "name": SECRET, "email": f"{SECRET}@x.org", **synced}]
    return inbox.tables


def _version(at: datetime, *, active: bool = True) -> Row:
    return {
        "_fivetran_synced": LOADED if active else LOADED - timedelta(hours=1),
        "_fivetran_start": at,
        "_fivetran_end": datetime(9999, 12, 31) if active else LOADED,
        "_fivetran_active": active,
    }


@dataclass
class Inbox:
    """An Intercom that writes its tables as it does."""

    tables: dict[str, list[Row]] = field(
        default_factory=lambda: {
            "conversation_history": [],
            "conversation_part_history": [],
            "conversation_contact_history": [],
        }
    )

    def play(
        self, conversation: str, timeline: str, source_type: str, verdict: str | None = None
    ) -> None:
        """Live through one conversation: its first message is in its own row."""
        contact = f"5f{int(conversation):022x}"
        authors = {**AUTHORS, "c": ("user", contact)}
        helper = AUTHORS["b"]
        (first, at), *others = steps(timeline, START)
        author_type, author_id = ("admin", ADMIN) if first == "p" else authors[first]
        opening = {
            "id": conversation,
            "created_at": at,
            "source_id": "668173106",
            "source_type": source_type,
            "source_author_type": author_type,
            "source_author_id": author_id,
            "source_delivered_as": "automated" if first == "p" else "customer_initiated",
            "source_body": SECRET,
            "source_subject": SECRET,
            "ai_agent_resolution_state": verdict,
            "conversation_rating_value": 4 if verdict == "escalated" else None,
            "conversation_rating_created_at": START + timedelta(minutes=3),
            "conversation_rating_remark": SECRET,
            "state": "closed",
        }
        # The version before, of which only the opening was known.
        for updated, active in ((at, False), (others[-1][1] if others else at, True)):
            row = {**opening, "updated_at": updated, **_version(updated, active=active)}
            self.tables["conversation_history"].append(row)
        self.tables["conversation_contact_history"].append(
            {"contact_id": contact, "conversation_id": conversation, **_version(at)}
        )
        for step, at in others:
            helper = authors["a"] if step in "aAC" else helper
            self._part(conversation, step, at, authors, helper)

    def _part(
        self,
        conversation: str,
        step: str,
        at: datetime,
        authors: dict[str, tuple[str, str]],
        helper: tuple[str, str],
    ) -> None:
        part_type, author, text, more = {
            "c": ("comment", authors["c"], SECRET, {}),
            "b": ("comment", authors["b"], SECRET, {}),
            "a": ("comment", authors["a"], SECRET, {}),
            "f": ("comment", authors["a"], SECRET, {"from_ai_agent": True}),
            "v": ("comment", authors["a"], SECRET, {}),
            "n": ("note", authors["a"], SECRET, {}),
            "s": ("snoozed", authors["a"], None, {}),
            "R": ("close", helper, None, {}),
            "C": ("close", authors["a"], SECRET, {}),
            "E": ("assignment", authors["b"], None, _to("team", TEAM)),
            "A": ("assignment", authors["a"], SECRET, _to("admin", ADMIN)),
            "U": ("assignment", authors["b"], None, _to("nobody_admin", None)),
            "W": ("assignment", authors["b"], None, {}),
            "x": ("comment", (None, None), SECRET, {}),
            "M": ("merged_primary_conversation", authors["a"], SECRET, {}),
            "k": ("close", authors["a"], None, {}),
        }[step]
        parts = self.tables["conversation_part_history"]
        number = 9_999_999_990 + len(parts)  # one digit more on the way
        row = {
            "id": parts[-1]["id"] if step == "v" else str(number),
            "conversation_id": conversation,
            "part_type": part_type,
            "author_type": author[0],
            "author_id": author[1],
            "body": text,
            "created_at": at,
            "updated_at": at,
            "from_ai_agent": False,
            **more,
        }
        parts.append({**row, **_version(at, active=step != "v")})


def _to(kind: str, who: str | None) -> Row:
    return {"assigned_to_type": kind, "assigned_to_id": who}
