"""The tables of newsource in their true shape: the worked cases, and what misleads.

Every text of a message, every name and every address holds SECRET: none may ever be loaded.
"""

from __future__ import annotations

from typing import Any

from timelines import FOUNDING, LOADED, START, WORKED_CASES, steps

SECRET = "keep-this-secret"
# Columns with their types, as the system has them.
SCHEMA: dict[str, str] = {
    "conversation": """id int, channel text, customer_id int, created_at timestamp,
        updated_at timestamp""",
    "message": """id int, conversation_id int, sender text, sender_id int, body text,
        private boolean, created_at timestamp""",
    "event": "id int, conversation_id int, name text, created_at timestamp",
}
SENDERS = {"c": "user", "b": "bot", "a": "staff", "n": "staff"}
EVENTS = {"R": "resolved", "E": "handoff"}

# What misleads, each a conversation of its own: its timeline in the notation of the worked cases,
# and what each of its segments must be. More letters than there: n is a private note.
TRAPS: dict[str, tuple[str, list[str]]] = {
    "a note is no message": ("c0 b1 n20 c50", ["timed_out", "timed_out"]),
}
FIRST_TRAP = 101

# The sample's conversation -> this system's; leave out the cases that it cannot express.
CASE_IDS = {name: str(number) for number, name in enumerate(WORKED_CASES, start=1)}
TRAP_IDS = {name: str(number) for number, name in enumerate(TRAPS, start=FIRST_TRAP)}


def tables() -> dict[str, list[dict[str, Any]]]:
    """Every table with its rows."""
    timelines = {CASE_IDS[name]: timeline for name, timeline in WORKED_CASES.items()}
    timelines |= {TRAP_IDS[name]: timeline for name, (timeline, _) in TRAPS.items()}
    conversations: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for number, timeline in timelines.items():
        channel = "email" if number == CASE_IDS[FOUNDING] else "chat"
        row = {"id": number, "channel": channel, "customer_id": number, "created_at": START}
        conversations.append({**row, "updated_at": LOADED})
        for step, at in steps(timeline, START):
            of = {"conversation_id": number, "created_at": at}
            if step in EVENTS:
                events.append({"id": len(events) + 1, "name": EVENTS[step], **of})
            else:
                said = {"sender": SENDERS[step], "body": SECRET, "private": step == "n"}
                messages.append({"id": len(messages) + 1, **said, **of})
    return {"conversation": conversations, "message": messages, "event": events}
