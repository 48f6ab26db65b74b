"""The setting `attributes`: from a column of a file to a question, without a model edited."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest

from containment.commands import query
from containment.common.errors import Stop
from containment.raw import in_folder, views
from containment.settings import settings, source_yml
from containment.settings.lookups import Lookups
from containment.settings.raw_reading import Reading

ATTRIBUTES = ("language", "tier")
HEADS = {
    "conversations": "conversation_id,channel,language,tier,email",
    "messages": "message_id,conversation_id,author_type,sent_at,language,bot_version",
    "events": "event_id,conversation_id,event_type,occurred_at",
}
ROWS = {
    "conversations": ["a,chat, de ,gold,x@example.org", "b,chat,en,,", "c,chat,,NULL,"],
    "messages": [
        "1,a,customer,2026-11-01T09:00:00Z,,",
        "2,a,bot,2026-11-01T09:01:00Z,,7",
        "3,a,customer,2026-11-02T09:00:00Z,fr,",
        "4,b,customer,2026-11-01T09:00:00Z,,",
        "5,b,bot,2026-11-01T09:01:00Z,,",
        "6,c,customer,2026-11-01T09:00:00Z,,",
        "7,c,bot,2026-11-01T09:01:00Z,,8",
    ],
    "events": ["1,b,escalated,2026-11-01T09:02:00Z"],
}


def write(folder: Path, **changed: list[str]) -> Path:
    folder.mkdir(exist_ok=True)
    for table, rows in {**ROWS, **changed}.items():
        (folder / f"{table}.csv").write_text("\n".join([HEADS[table], *rows, ""]))
    return folder


def night(home: Path, raw: Path, **given: Any) -> str:
    options = ("--source", "files", "--raw-path", str(raw), "--vars", json.dumps(given))
    done = projects.nightly(home, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def asked(home: Path, question: str) -> list[dict[str, Any]]:
    return projects.rows(home / "published" / "containment.duckdb", question)


VALUES = (
    "select started_at, attribute, value from marts.session_attributes natural join marts.sessions"
)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one night with attributes."""
    folder = tmp_path_factory.mktemp("attributes")
    given = {"attributes": [*ATTRIBUTES], "shown_attribute_values": 1}
    assert "3 new" in night(folder / "home", write(folder / "raw"), **given)
    return folder


def test_a_session_has_the_value_of_its_messages_or_of_its_conversation(lived: Path) -> None:
    rows = asked(lived / "home", f"select attribute, value from ({VALUES}) order by all")
    assert [tuple(row.values()) for row in rows] == [
        *(("language", value) for value in ("de", "en", "fr")),
        *(("tier", "gold") for _ in range(2)),
    ]
    releases = asked(lived / "home", "select distinct bot_release from marts.sessions order by 1")
    assert [row["bot_release"] for row in releases] == ["7", "8", None]


def test_sessions_wide_has_a_column_for_each(lived: Path) -> None:
    rows = asked(lived / "home", "select language, tier from marts.sessions_wide order by all")
    assert [tuple(row.values()) for row in rows] == [
        ("de", "gold"),
        ("en", None),
        ("fr", "gold"),
        (None, None),
    ]


def test_only_the_values_with_the_most_sessions_are_shown(lived: Path) -> None:
    rows = asked(
        lived / "home",
        "select dimension_value, closed_sessions from marts.containment_by_dimension "
        "where period_kind = 'month' and dimension = 'language' order by all",
    )
    assert [tuple(row.values()) for row in rows] == [("de", 1), ("none", 1), ("others", 1)]


def test_a_metric_goes_by_an_attribute(
    lived: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ("--home", str(lived / "home"))
    metric = ("--metric", "closed_sessions", "--by", "language", "--csv")
    for question in (metric, ("--list", "--csv")):
        monkeypatch.setattr(sys, "argv", ["query", *home, *question])
        with pytest.raises(SystemExit) as ended:
            query.main()
        assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("language,closed_sessions\nde,1\nen,1\nfr,")
    assert "dimension,language," in said


def test_a_changed_value_cuts_one_conversation_and_a_name_less_takes_its_mart_along(
    lived: Path, tmp_path: Path
) -> None:
    other = [ROWS["conversations"][0], "b,chat,en,gold,", ROWS["conversations"][2]]
    home, raw = lived / "home", write(tmp_path / "raw", conversations=other)
    said = night(home, raw, attributes=[*ATTRIBUTES])
    assert "cut again: 1 conversation (1 with changed rows)" in said
    assert asked(home, "select count(*) as n from marts.sessions_wide where tier = 'gold'") == [
        {"n": 3}
    ]
    said = night(home, raw)
    assert "sessions_wide" in said  # dropped
    assert asked(home, VALUES) == []
    fresh = tmp_path / "fresh"
    night(fresh, raw, attributes=["tier"])
    night(home, raw, attributes=["tier"])
    assert asked(home, VALUES) == asked(fresh, VALUES) != []


def test_a_further_column_of_a_file_is_read_only_where_it_is_named(tmp_path: Path) -> None:
    words = Lookups(frozenset({"chat"}), frozenset())
    read = in_folder.inspect(write(tmp_path / "raw"), words)
    assert not any(word in read.selects["files_conversations"] for word in ("tier", "email"))
    reading = Reading(attributes=("tier", "language", "nowhere"))
    warned = in_folder.inspect(tmp_path / "raw", words, reading=reading).warnings
    assert warned == ("attributes: no file has a column nowhere",)


def test_keys_of_custom_attributes_are_read_one_by_one() -> None:
    """Chatwoot's JSON stays outside: it can hold an address."""
    [table] = [
        table
        for table in source_yml.as_asked(
            source_yml.declared(projects.ROOT, "chatwoot"), Reading(attributes=("tier",))
        )
        if table.name == "conversations"
    ]
    with duckdb.connect() as connection:
        connection.execute(
            "create table raw_rows as select 1 as id, "
            """'{"tier": "gold", "email": "x@example.org"}' as custom_attributes """
            "union all select 2, null union all select 3, 'no json'"
        )
        types = {"id": "INTEGER", "custom_attributes": "VARCHAR"}
        select = views.select(table, [views.Part("raw_rows", types)])
        found = connection.sql(f"select id, tier from ({select}) order by id").fetchall()
        columns = connection.sql(select).columns
    assert found == [(1, "gold"), (2, None), (3, None)]
    assert "custom_attributes" not in columns


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ("language", r"write a list of columns"),
        (["tier", "Language"], r"attributes: 'Language' is no name of small letters"),
        (["a b"], r"'a b' is no name of small letters"),
        ([1], r"1 is no name of small letters"),
        (["topic"], r"'topic' has a meaning of its own; .* by raw_columns"),
        (["bot_version"], r"'bot_version' has a meaning of its own"),
        (["closed_sessions"], r"'closed_sessions' has a meaning of its own"),
        (["tab"], r"'tab' has a meaning of its own"),
        (["order"], r"'order' has a meaning of its own"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(attributes: Any, said: str) -> None:
    with pytest.raises(Stop, match=said):
        settings.load(projects.ROOT, {}, json.dumps({"attributes": attributes}), {})
