"""Copilot Studio's transcripts as Dataverse exports them: the worked cases, and what misleads.

Every text holds SECRET: none may ever be loaded. People of the help desk write elsewhere, so a
worked case with an agent in it cannot be told.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from timelines import LOADED, START, WORKED_CASES, steps

Row = dict[str, Any]

SECRET = "keep-this-secret"
SCHEMA: dict[str, str] = {
    "conversationtranscripts": """conversationtranscriptid varchar, name varchar,
        conversationstarttime varchar, createdon varchar, modifiedon varchar, content varchar,
        metadata varchar, schematype varchar, schemaversion varchar,
        _bot_conversationtranscriptid_value varchar, statecode int, statuscode int,
        versionnumber bigint, _ownerid_value varchar"""
}
BOT, BOT_NAME = "4b57a07a-0000-4000-8000-000000000001", "cr3e5_helpBot"
ROLES = {"b": 0, "c": 1}
OUTCOMES = {
    "R": ("Engaged", "Resolved", False),
    "I": ("Engaged", "Resolved", True),
    "A": ("Engaged", "Abandoned", False),
    "U": ("Unengaged", "None", False),
    "E": ("Engaged", "Escalated", False),
    "O": ("Engaged", "HandOff", False),
}
REASONS = {"O": "AgentTransferRequestedByUser"}

# What misleads, each a conversation of its own: its timeline in the notation of the worked cases,
# and what each of its segments must be. More letters than there:
#   I: resolved by implication    A: abandoned, by the vendor's verdict    U: unengaged, by it
#   H: the event of a handoff alone, without a verdict       g: the greeting, once for each start
#   O: handed over, by the vendor's verdict    T: an activity that is a handoff by its type
#   /: the rest is in another transcript (a batch)
TRAPS: dict[str, tuple[str, list[str]]] = {
    "abandoned is silence": ("g0 c1 b2 A2", ["timed_out"]),
    "unengaged though the customer wrote": ("g0 c1 U1", ["timed_out"]),
    "resolved by implication": ("g0 c1 b2 I2", ["resolved"]),
    "a handoff without a verdict": ("g0 c1 b2 H3", ["escalated"]),
    "in two batches": ("c0 b1 /1 c29 b30 R31", ["resolved"]),
    "the greeting again, and again": ("g0 g0 c1 b2 g30 c40 b41 R42", ["timed_out", "resolved"]),
    "the test pane": ("g0 c1 b2 R3", ["excluded"]),
    "handed over, by the outcome": ("g0 c1 b2 O3", ["escalated"]),
    "handed over, by an activity": ("g0 c1 b2 T3 A4", ["escalated"]),
    "started by a flow": ("c1 b2 R3", ["excluded"]),
    "an evaluation": ("c1 b2 R3", ["excluded"]),
}

TOLD = {name: case for name, case in WORKED_CASES.items() if " a" not in case}
CASE_IDS = {
    name: f"815e0c51-0000-4000-8000-{number:012d}" for number, name in enumerate(TOLD, start=1)
}
TRAP_IDS = {
    # A conversation's id may hold what parts it from the bot's.
    name: f"815e0c51_0000-4000_8000-{number:012d}"
    for number, name in enumerate(TRAPS, start=101)
}


def tables() -> dict[str, list[Row]]:
    """The table with its rows."""
    export = Export()
    for name, timeline in TOLD.items():
        export.play(CASE_IDS[name], timeline)
    for name, (timeline, _) in TRAPS.items():
        export.channel = "pva-autonomous" if name == "started by a flow" else "directline"
        export.test_mode = name == "an evaluation"
        export.play(TRAP_IDS[name], timeline, test_pane=name == "the test pane")
    return {"conversationtranscripts": export.rows}


@dataclass
class Export:
    """What is written of conversations, half an hour and more after their end."""

    rows: list[Row] = field(default_factory=list)
    written: int = 0  # activities
    channel: str = "directline"
    test_mode: bool = False

    def play(self, conversation: str, timeline: str, *, test_pane: bool = False) -> None:
        """Live through one conversation."""
        batches: list[list[Row]] = [[self._info(test_pane)]]
        begun = START
        for step, at in steps(timeline.replace("/", "X"), START):
            if step == "X":
                batches.append([])
            elif step == "g":
                start = self._event(at, "startConversation", role=1)
                batches[-1] += [start, self._message(at, 0, reply_to=start["id"])]
            elif step in ROLES:
                batches[-1].append(self._message(at, ROLES[step]))
            else:
                if step in "EH":
                    batches[-1].append(self._event(at, "handoff.initiate", role=0))
                if step == "T":
                    batches[-1].append(self._event(at, "", role=0) | {"type": "handoff"})
                if step not in "HT":
                    batches[-1].append(self._verdict(begun, at, *OUTCOMES[step], REASONS.get(step)))
        for batch, activities in enumerate(batches):
            name = f"{conversation}_{BOT}" + (f"_{batch}" if len(batches) > 1 else "")
            self._write(name, activities)

    def _write(self, name: str, activities: list[Row]) -> None:
        number = len(self.rows) + 1
        self.rows.append(
            {
                "conversationtranscriptid": f"1a046a59-0000-4000-8000-{number:012d}",
                "name": name,
                "conversationstarttime": _iso(START),
                "createdon": _iso(LOADED),
                "modifiedon": _iso(LOADED),
                "content": json.dumps({"activities": activities}),
                "metadata": json.dumps({"BotId": BOT, "AADTenantId": SECRET, "BotName": BOT_NAME}),
                "schematype": "powervirtualagents",
                "schemaversion": "0.2.1",
                "statecode": 0,
                "statuscode": 1,
                "versionnumber": 5539180 + number,
                "_ownerid_value": SECRET,
            }
        )

    def _id(self) -> str:
        self.written += 1
        return f"61f1cdf1-0000-4000-8000-{self.written:012d}"

    def _info(self, test_pane: bool) -> Row:
        return {
            "valueType": "ConversationInfo",
            "type": "trace",
            "timestamp": _seconds(START),
            "from": {"id": "", "role": 0},
            "value": {"isDesignMode": test_pane, "locale": "en-US"},
        }

    def _message(self, at: datetime, role: int, reply_to: str | None = None) -> Row:
        return {
            "id": self._id(),
            "type": "message",
            "timestamp": _seconds(at),
            # The id is the same in both roles.
            "from": {"id": "8f91bceb-0000-4000-8000-000000000001", "role": role},
            "channelId": self.channel,
            "channelData": {"testMode": self.test_mode} if self.test_mode else {},
            "textFormat": "markdown",
            "text": f"{SECRET}: where is my order?",
            "attachments": [{"content": SECRET}],
            **({"replyToId": reply_to} if reply_to else {}),
        }

    def _event(self, at: datetime, name: str, role: int) -> Row:
        return {
            "id": self._id(),
            "type": "event",
            "timestamp": _seconds(at),
            "from": {"id": "8f91bceb-0000-4000-8000-000000000001", "role": role},
            "name": name,
            "channelId": self.channel,
            "value": {"va_AgentMessage": SECRET},
        }

    def _verdict(
        self,
        begun: datetime,
        at: datetime,
        kind: str,
        outcome: str,
        implied: bool,
        reason: str | None,
    ) -> Row:
        return {
            "valueType": "SessionInfo",
            "id": "0",  # always
            "type": "trace",
            "timestamp": _seconds(at),
            "from": {"id": "", "role": 0},
            "value": {
                "startTimeUtc": _iso(begun),
                "endTimeUtc": _iso(at),
                "type": kind,
                "outcome": outcome,
                "turnCount": 2,
                "impliedSuccess": implied,
                **({"outcomeReason": reason} if reason else {}),
            },
        }


def _iso(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"


def _seconds(moment: datetime) -> int:
    return int((moment.replace(tzinfo=timezone.utc) + timedelta()).timestamp())
