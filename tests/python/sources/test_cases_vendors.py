"""Exports that came out wrong once, of Copilot Studio, Zendesk, Intercom and Rasa, in one night.

The folders of cases/ were made by hand after what public reports and exports show. What an
`agent_takeover` and a merge make of a session is the cut's, and tested there: here is what staging
tells it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest

from containment.raw import in_folder, views
from containment.settings.lookups import Lookups

CASES = Path(__file__).parents[1] / "cases"
FOLDERS = {
    "copilot_studio": "copilot_handoff",
    "zendesk": "zendesk_merge_and_former_agent",
    "intercom": "intercom_merge_and_nulls",
    "rasa": "rasa_tester",
}
SECRET = "keep-this-secret"
PHONE = "+4917012345678"
BOT = "4b57a07a-d1cf-06b6-3ebc-97dababcdbf0"
BEGUN = 1767261600  # 2026-01-01 10:00:00

# Microsoft's table of the outcomes of a session with their reasons, and what each is here. Silence
# is contained, an abandoned session among it.
OUTCOMES = {
    ("Abandoned", "UserExit"): "timed_out",
    ("Abandoned", "UserError"): "timed_out",
    ("Abandoned", "SystemError"): "timed_out",
    ("HandOff", "AgentTransferConfiguredByAuthor"): "escalated",
    ("HandOff", "AgentTransferRequestedByUser"): "escalated",
    ("HandOff", "AgentTransferFromQuestionMaxAttempts"): "escalated",
    ("None", "NoError"): "timed_out",
    ("Resolved", "Resolved"): "resolved",
    # Not in it: the reason alone, one that nobody knows yet, and the words of other tables.
    ("Abandoned", "AgentTransferRequestedByUser"): "escalated",
    ("Resolved", "AgentTransferFromSomethingNew"): "escalated",
    ("HANDOFF", "AgentTransferWithoutError"): "escalated",
    ("Escalated", None): "escalated",
    ("handoff", None): "escalated",
}


def message(name: str, role: int, at: Any = BEGUN, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{name}-{role}",
        "type": "message",
        "timestamp": at,
        "from": {"id": "u", "role": role},
        "channelId": "directline",
        "text": SECRET,
        **more,
    }


def talk(name: str, **more: Any) -> list[dict[str, Any]]:
    return [message(name, 1, **more), message(name, 0, **more)]


def verdict(outcome: str, reason: str | None = None, **more: Any) -> dict[str, Any]:
    value = {"outcome": outcome, "outcomeReason": reason, "endTimeUtc": "2026-01-01T10:00:09Z"}
    value |= more
    return {"id": "0", "type": "trace", "valueType": "SessionInfo", "timestamp": BEGUN + 9} | {
        "value": value
    }


# The content of a transcript, and what is made of its conversation: the kind or the outcome of its
# segment, or None where there is none, and the reasons by which its rows are rejected.
TICKS = 638620000000000000
CONTENTS: dict[str, tuple[Any, str | None, list[str]]] = {
    "an array": (talk("m1"), "timed_out", []),
    "cut off": (json.dumps(talk("m2"))[:90], None, ["unreadable_content"]),
    "no JSON": ("not JSON", None, ["unreadable_content"]),
    "nothing": (None, None, ["unreadable_content"]),
    "blank": (" ", None, ["unreadable_content"]),
    "no activities": ({"foo": 1}, None, ["unreadable_content"]),
    "without any": ({"activities": []}, None, []),
    "a text": (json.dumps("text"), None, ["unreadable_content"]),
    "half an emoji": (
        json.dumps(talk("m3")).replace(SECRET, "\\ud83d"),
        None,
        ["unreadable_content"],
    ),
    "no activity": ([*talk("m4"), 1, None], "timed_out", ["unreadable_content"] * 2),
    "ticks": (talk("m5", at=TICKS), None, ["unreadable_time"] * 2),
    "milliseconds": (talk("m6", at=BEGUN * 1000), None, ["unreadable_time"] * 2),
    "a verdict in ticks": (
        [*talk("m7"), verdict("Escalated", endTimeUtc=str(TICKS))],
        "escalated",
        [],
    ),
    "a flow": (talk("m8", channelId="pva-autonomous"), "excluded", []),
    "an evaluation": (talk("m9", channelData={"testMode": True}), "excluded", []),
    "another one": (
        [*talk("m10"), {"type": "trace", "value": {"testMode": "Text"}}],
        "excluded",
        [],
    ),
    "no test": (talk("m11", channelData={"testMode": False}), "timed_out", []),
    "a trace of a handoff": (
        [*talk("m12"), {"type": "trace", "valueType": "HandOff", "timestamp": BEGUN + 5}],
        "escalated",
        [],
    ),
    "a handoff by any name": (
        [*talk("m13"), {"type": "Handoff", "id": "h", "name": "x", "timestamp": BEGUN + 5}],
        "escalated",
        [],
    ),
}


def transcript(conversation: str, content: Any) -> dict[str, Any]:
    return {
        "conversationtranscriptid": f"t {conversation}",
        "name": f"{conversation}_{BOT}_0",
        "conversationstarttime": "2026-01-01T10:00:00Z",
        "createdon": "2026-01-01T12:00:00Z",
        "modifiedon": "2026-01-01T12:00:00Z",
        "metadata": json.dumps({"BotName": "helper"}),
        "content": content if content is None or isinstance(content, str) else json.dumps(content),
    }


def outcome_id(outcome: str, reason: str | None) -> str:
    return f"o_{outcome}_{reason}"  # a conversation's id may hold a _


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a night over all four makes."""
    folder = tmp_path_factory.mktemp("vendors")
    project = projects.copy_runnable_project(folder / "project")
    with (project / "seeds" / "zendesk" / "zendesk_authors.csv").open("a") as authors:
        authors.write("agent,300,bot\n")
    for source, case in FOLDERS.items():
        shutil.copytree(CASES / case, folder / "raw" / source)
    contents = {name: content for name, (content, *_) in CONTENTS.items()}
    contents |= {
        outcome_id(*pair): [
            *talk(outcome_id(*pair)),
            verdict(*pair, type="Unengaged" if pair[0] == "None" else "Engaged"),
        ]
        for pair in OUTCOMES
    }
    (folder / "raw" / "copilot_studio" / "conversationtranscripts_2.json").write_text(
        json.dumps([transcript(name, content) for name, content in contents.items()])
    )
    with (folder / "raw" / "rasa" / "events.csv").open("a") as events:
        events.write(f"5,{PHONE},user,1767270000.0,,,\n6, {PHONE} ,bot,1767270001.0,,,\n")
        events.write(f"7,{PHONE},bot,yesterday,,,\n")
    places = {source: {"path": str(folder / "raw" / source)} for source in FOLDERS}
    night = projects.nightly(
        folder / "home",
        *(option for source in FOLDERS for option in ("--source", source)),
        *("--vars", json.dumps({"source_tables": places})),
        root=project,
    )
    assert night.returncode == 0, night.stdout + night.stderr
    yield folder / "home"


def rows(home: Path, query: str) -> list[dict[str, Any]]:
    return projects.rows(home / "published" / "containment.duckdb", query)


def segments(home: Path, source: str) -> dict[str, list[str]]:
    """Conversation -> what its segments are, in order."""
    found: dict[str, list[str]] = {}
    for row in rows(
        home,
        "select conversation_id, case segment_kind when 'session' then outcome else segment_kind "
        f"end as what from marts.segments where source = '{source}' "
        "order by conversation_id, segment_number",
    ):
        found.setdefault(row["conversation_id"], []).append(row["what"])
    return found


def with_people(home: Path, source: str) -> set[str]:
    query = f"select conversation_id from marts.segments where source = '{source}' "
    return {row["conversation_id"] for row in rows(home, query + "and agent_message_count > 0")}


def test_four_of_five_handed_over_are_escalated(home: Path) -> None:
    found = segments(home, "copilot_studio")
    assert [found[f"c{number}"] for number in range(1, 6)] == [["escalated"]] * 4 + [["resolved"]]
    reasons = rows(
        home,
        "select escalation_reason as reason from marts.sessions "
        "where source = 'copilot_studio' and conversation_id in ('c2', 'c3') order by all",
    )
    assert [row["reason"] for row in reasons] == [
        "AgentTransferConfiguredByAuthor",
        "AgentTransferRequestedByUser",
    ]


@pytest.mark.parametrize("pair", OUTCOMES, ids=str)
def test_microsoft_s_outcomes(home: Path, pair: tuple[str, str | None]) -> None:
    assert segments(home, "copilot_studio")[outcome_id(*pair)] == [OUTCOMES[pair]]


@pytest.mark.parametrize("name", CONTENTS)
def test_what_a_transcript_can_hold(home: Path, name: str) -> None:
    _, what, reasons = CONTENTS[name]
    found = segments(home, "copilot_studio").get(name, [])
    # What is left of a transcript whose customer cannot be read is no session.
    assert found == ([] if what is None else [what])
    rejected = rows(
        home,
        "select reason from marts.rejected_rows "
        f"where source = 'copilot_studio' and conversation_id = '{name}'",
    )
    assert [row["reason"] for row in rejected] == reasons


@pytest.mark.parametrize(
    "content",
    [
        "{'activities': [{'id': 'a', 'type': 'message', 'text': 'keep-this-secret'}]}",
        "[{'id': 'a', 'type': 'message', 'text': 'keep-this-secret'}]",
        "map {'activities': [{'id': 'a', 'type': 'message', 'text': 'keep-this-secret'}]}",
    ],
    ids=["struct", "list", "map"],
)
def test_content_that_is_landed_with_a_type(tmp_path: Path, content: str) -> None:
    file = tmp_path / "conversationtranscripts.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select 't' as conversationtranscriptid, 'c_b' as name, "
            f"{content} as content, {{'BotName': 'helper'}} as metadata) to '{file}'"
        )
        raw = in_folder.inspect(tmp_path, Lookups(frozenset(), frozenset()), "copilot_studio")
        views.write_views(raw, connection)
        ((bot, activities),) = connection.execute(
            "select bot_name, activities from raw.copilot_studio_conversationtranscripts"
        ).fetchall()
    assert bot == "helper"
    (activity,) = json.loads(activities)["activities"]
    assert (activity["id"], activity["type"]) == ("a", "message")
    assert SECRET not in activities


def test_no_event_of_copilot_studio_is_unmapped(home: Path) -> None:
    query = "select source from marts.data_quality where finding = 'events_of_unmapped_type' "
    assert rows(home, query + "and row_count > 0 and source = 'copilot_studio'") == []


def test_a_merged_ticket_is_excluded_and_who_left_was_a_person(home: Path) -> None:
    found = segments(home, "zendesk")
    assert found["1"] == ["excluded"]
    assert found["5"] == ["excluded"]
    assert found["3"] == ["escalated", "handoff"]
    # Who asks in a ticket is its customer there, an agent too.
    assert found["8"] == ["resolved"]
    assert with_people(home, "zendesk") == {"2", "3", "4", "6"}
    escalated_by = rows(
        home,
        "select escalated_by from marts.sessions "
        "where source = 'zendesk' and conversation_id = '3'",
    )
    assert escalated_by == [{"escalated_by": "agent"}]


def test_a_merged_conversation_is_excluded_and_who_is_gone_was_a_person(home: Path) -> None:
    found = segments(home, "intercom")
    assert found["4"] == ["excluded"]
    assert found["14"][0] == "escalated"
    assert found["5"][0] == "escalated"
    # 8 and 9 are answered by a person without an assignment: the cut makes a takeover of that.
    assert {"8", "9", "14"} <= with_people(home, "intercom")
    # To a bot, it is no handoff.
    assert found["13"] == ["resolved"]


def test_no_row_of_zendesk_and_intercom_is_rejected(home: Path) -> None:
    query = "select * from marts.rejected_rows where source in ('zendesk', 'intercom')"
    assert rows(home, query) == []


def test_the_shared_test_link_is_a_test(home: Path) -> None:
    kinds = sorted(kind for each in segments(home, "rasa").values() for kind in each)
    assert kinds == ["excluded", "timed_out", "timed_out"]


def test_one_phone_number_is_one_hash_everywhere(home: Path) -> None:
    used = rows(
        home,
        "select conversation_id, customer_id, author_id from marts.sessions "
        "left join marts.messages using (source, conversation_id) "
        "where source = 'rasa' and author_type = 'customer' order by messages.sent_at desc limit 1",
    )
    (hashed,) = {value for row in used for value in row.values()}
    assert len(hashed) == 32
    rejected = rows(home, "select conversation_id from marts.rejected_rows where source = 'rasa'")
    assert rejected == [{"conversation_id": hashed}]


def test_neither_a_phone_number_nor_the_salt_is_anywhere(home: Path) -> None:
    salt_file = home / "history" / "id_salt"
    assert salt_file.stat().st_mode & 0o777 == 0o600
    secrets = {"phone": PHONE.removeprefix("+"), "salt": salt_file.read_text().strip()}
    files = [path for path in home.rglob("*") if path.is_file() and path != salt_file]
    assert len(files) > 10
    for file in files:
        content = file.read_bytes()
        assert [name for name, secret in secrets.items() if secret.encode() in content] == [], file
        # Values are compressed in a database, so that its bytes prove little.
        if file.suffix == ".duckdb":
            assert held(file, secrets) == [], file


def held(file: Path, secrets: Mapping[str, str]) -> list[tuple[str, str]]:
    """The tables and views of a database that hold one of these in a value or a definition."""
    found = []
    with duckdb.connect(str(file), read_only=True) as connection:
        relations = connection.execute(
            "select schema_name, table_name, sql from duckdb_tables() "
            "union all select schema_name, view_name, sql from duckdb_views() where not internal"
        ).fetchall()
        for schema, name, definition in relations:
            values: list[Any] = [(definition,)]
            # Views over raw files are no copies: they read what the user has.
            if schema != "staging" and not (schema == "raw" and "read_" in (definition or "")):
                values += connection.execute(f'select * from "{schema}"."{name}"').fetchall()
            texts = [str(row) for row in values]
            found += [(name, key) for key, it in secrets.items() if any(it in t for t in texts)]
    return found
