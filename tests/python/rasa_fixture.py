"""Rasa's SQL tracker store: the worked cases, and what misleads.

Every text of a message and every name holds SECRET: none may ever be loaded.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from timelines import FOUNDING, START, WORKED_CASES, steps

Row = dict[str, Any]

SECRET = "keep-this-secret"
SCHEMA: dict[str, str] = {
    "events": """id integer, sender_id varchar, type_name varchar, "timestamp" double,
        intent_name varchar, action_name varchar, data varchar""",
}
LANDED = "database"
# What a user adds: Rasa has no event by which a conversation is settled, and no channel for e-mail.
LOOKUPS = {
    "rasa/rasa_actions.csv": ["action_case_settled,resolved"],
    "rasa/rasa_channels.csv": ["mailbox,email,"],
}

# What misleads, each a conversation of its own: its timeline in the notation of the worked cases,
# its channel, and what each of its segments must be. More letters than there:
#   P: the bot pauses     s: a session starts     r: a restart, as the customer's command
#   x: a reminder         l: the bot listens      w: the customer takes a message back
TRAPS: dict[str, tuple[str, str, list[str]]] = {
    "paused": ("c0 b1 P2 a3 c4", "socketio", ["escalated", "handoff"]),
    "a session that starts cuts nothing": ("s0 c0 b1 s20 c25 b26", "socketio", ["timed_out"]),
    "a restart is no message": ("c0 b1 r20 c45", "socketio", ["timed_out", "timed_out"]),
    "a reminder is no message": ("c0 b1 x20 c45", "socketio", ["timed_out", "timed_out"]),
    "a message that was taken back was one": ("c0 b1 c20 w20 c45", "socketio", ["timed_out"]),
    "a developer's desk": ("c0 b1 R2", "cmdline", ["excluded"]),
    "the shared test link": ("c0 b1 R2", "Tester", ["excluded"]),
}

# The sample's conversation -> Rasa's.
CASE_IDS = {name: f"5f0c-{name}" for name in WORKED_CASES}
TRAP_IDS = {name: f"trap {name}" for name in TRAPS}


def tables() -> dict[str, list[Row]]:
    """Every table with its rows; ids rise with the order of writing."""
    rows: list[tuple[datetime, str, str, str]] = []
    for name, timeline in WORKED_CASES.items():
        channel = "mailbox" if name == FOUNDING else "rest"
        if timeline.startswith("b"):  # the channel opens, and the bot greets
            rows.append((START, CASE_IDS[name], channel, "i"))
        rows += [(at, CASE_IDS[name], channel, step) for step, at in steps(timeline, START)]
    for name, (timeline, channel, _) in TRAPS.items():
        rows += [(at, TRAP_IDS[name], channel, step) for step, at in steps(timeline, START)]
    rows.sort(key=lambda row: row[0])
    events: list[Row] = []
    for at, sender, channel, step in rows:
        for event in _events(step, channel):
            second = at.replace(tzinfo=timezone.utc).timestamp()
            events.append(_row(len(events) + 95, sender, second, event))
    return {"events": events}


def _events(step: str, channel: str) -> list[Row]:
    """What Rasa writes of one step: much more than the step."""

    def user(text: str, intent: str) -> Row:
        parsed = {"intent": {"name": intent, "confidence": 0.9}, "entities": []}
        said = {"text": text, "parse_data": parsed, "input_channel": channel}
        return {"event": "user", **said, "metadata": {"name": SECRET}}

    def action(name: str) -> Row:
        return {"event": "action", "name": name, "policy": "RulePolicy", "confidence": 1.0}

    match step:
        case "c":
            return [
                user(f"{SECRET} /restart", "ask_order"),
                {"event": "slot", "name": "email", "value": f"{SECRET}@example.org"},
                action("utter_order"),
            ]
        case "b":
            return [
                {"event": "bot", "text": SECRET, "data": {"buttons": None}},
                action("action_listen"),
            ]
        case "a":
            return [{"event": "agent", "text": SECRET, "data": {}}]
        case "R":
            return [action("action_case_settled")]
        case "E":
            return [action("action_human_handoff")]
        case "P":
            return [{"event": "pause"}]
        case "s":
            return [action("action_session_start"), {"event": "session_started"}]
        case "r":
            return [user("/restart", "restart"), {"event": "restart"}]
        case "i":
            return [user("/session_start", "session_start")]
        case "x":
            return [user("EXTERNAL: EXTERNAL_reminder", "EXTERNAL_reminder")]
        case "w":
            return [{"event": "rewind"}]
    raise ValueError(f"not a step: {step}")


def _row(number: int, sender: str, second: float, event: Row) -> Row:
    intent = event.get("parse_data", {}).get("intent", {}).get("name")
    return {
        "id": number,
        "sender_id": sender,
        "type_name": event["event"],
        "timestamp": second,
        "intent_name": intent,
        "action_name": event.get("name") if event["event"] == "action" else None,
        "data": json.dumps({**event, "timestamp": second}),
    }
