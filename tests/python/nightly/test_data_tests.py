"""Every data test can fail: each finds what breaks the rule that it holds, and says which it was.

The sample is built once; then each test's own query runs on tables into which a row is put, or out
of which one is taken, in a transaction that is undone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest
import yaml

from containment.build import failing_rows
from containment.runs.run import CHANGED, FULL

pytestmark = pytest.mark.heavy

# Tests and models of raw systems are on when their source is; their rules are of the same kinds.
IS_OFF = {"intercom", "zendesk", "chatwoot", "copilot_studio", "rasa", "reamaze"}
FILES = [
    path
    for folder in ("models", "seeds")
    for path in sorted((projects.ROOT / folder).rglob("*.yml"))
    if path.parent.name not in IS_OFF
]


def declared(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tests of a kind that the ymls declare: the model and the arguments."""
    for path in FILES:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for entry in [*content.get("models", []), *content.get("seeds", [])]:
            for test in entry.get("data_tests", []):
                if kind in test:
                    assert test[kind]["name"] == f"{kind}_{entry['name']}"
                    yield entry["name"], test[kind]["arguments"]


KEYS = list(declared("key"))
RULES = [
    (model, column, check, value)
    for model, asked in declared("sound_rows")
    for column, check, value in [
        *((column, "not_null", None) for column in asked.get("not_null", [])),
        *((column, "accepted_values", "?") for column in asked.get("accepted_values", {})),
        *((column, "between", low - 1) for column, (low, _) in asked.get("between", {}).items()),
        *((column, "between", high + 1) for column, (_, high) in asked.get("between", {}).items()),
    ]
]


class Built:
    """The sample's tables, and the query of each test as the night runs it."""

    def __init__(self, folder: Path) -> None:
        home, scratch = folder / "home", folder / "scratch.duckdb"
        self.queries: dict[tuple[str, str], str] = {}
        self.tables: dict[str, str] = {}
        for checks, command in ((FULL, "build"), (CHANGED, "test")):
            no_unit_tests = ("--exclude-resource-type", "unit_test")
            projects.dbt(
                projects.ROOT, home, command, *no_unit_tests, scratch=scratch, checks=checks
            )
            self._read(home / "target", checks)
        self.connection = duckdb.connect(str(home / "warehouse" / "containment.duckdb"))
        self.connection.execute(f"set TimeZone = 'UTC'; attach '{scratch}' as scratch")

    def _read(self, target: Path, checks: str) -> None:
        nodes = json.loads((target / "manifest.json").read_text())["nodes"]
        results = json.loads((target / "run_results.json").read_text())["results"]
        compiled = {result["unique_id"]: result["compiled_code"] for result in results}
        for name, node in nodes.items():
            if node["resource_type"] == "test":
                if name in compiled:  # else its source is off
                    self.queries[checks, node["name"]] = compiled[name]
            elif node["resource_type"] in ("model", "seed"):
                self.tables[node["name"]] = node["relation_name"]

    def failures(self, test: str, checks: str = FULL) -> list[dict[str, Any]]:
        """The rows that fail a test now."""
        cursor = self.connection.execute(self.queries[checks, test])
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def failed_checks(self, test: str, checks: str = FULL) -> set[str]:
        """The columns and checks that these rows name."""
        return {
            said
            for row in self.failures(test, checks)
            for said in row[failing_rows.CHECKS].rstrip("; ").split("; ")
        }

    @contextmanager
    def broken(self, *models: str) -> Iterator[Callable[..., Any]]:
        """Make tables of models, whatever they are, to be changed until the end of the block."""
        execute = self.connection.execute
        execute("begin")
        try:
            for model in models:
                table = self.tables[model]
                database, schema, name = (part.strip('"') for part in table.split("."))
                [(kind,)] = execute(
                    "select table_type from information_schema.tables "
                    "where table_catalog = ? and table_schema = ? and table_name = ?",
                    [database, schema, name],
                ).fetchall()
                execute(f"create temp table broken_{model} as from {table}")
                execute(f"drop {'view' if kind == 'VIEW' else 'table'} {table}")
                execute(f"create table {table} as from broken_{model}")
            yield execute
        finally:
            execute("rollback")

    def add(self, model: str, **values: Any) -> None:
        """Put a row like the first one into a broken model, with other values in some columns."""
        table = self.tables[model]
        columns = self.connection.execute(f"describe {table}").fetchall()
        first = self.connection.execute(f"from {table} limit 1").fetchone()
        row = dict(
            zip(
                (name for name, *_ in columns),
                first or tuple(map(any_value, columns)),
                strict=True,
            )
        )
        row |= values
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" for _ in row)
        self.connection.execute(
            f"insert into {table} ({names}) values ({marks})", list(row.values())
        )


def any_value(column: tuple[Any, ...]) -> Any:
    """A value of a column's type."""
    kind = column[1]
    return "2026-01-01" if kind in ("DATE", "TIMESTAMP", "VARCHAR") else kind == "BOOLEAN"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("built"))


def test_no_test_fails_on_the_sample(built: Built) -> None:
    for checks, test in built.queries:
        assert built.failures(test, checks) == [], (checks, test)


@pytest.mark.parametrize(
    ("model", "column", "check", "value"), RULES, ids=lambda part: str(part).replace(" ", "")
)
def test_a_row_that_breaks_a_rule_is_found_and_named(
    built: Built, model: str, column: str, check: str, value: Any
) -> None:
    with built.broken(model):
        built.add(model, **{column: value})
        for checks in (FULL, CHANGED):  # rows are read whatever was cut
            assert f"{column} {check}" in built.failed_checks(f"sound_rows_{model}", checks)


@pytest.mark.parametrize(("model", "asked"), KEYS, ids=[model for model, _ in KEYS])
def test_a_key_that_is_twice_or_not_whole_is_found_and_named(
    built: Built, model: str, asked: dict[str, Any]
) -> None:
    columns, test = asked["columns"], f"key_{model}"
    for column in columns:
        with built.broken(model):
            built.add(model, **{column: None})
            assert f"{column} not_null" in built.failed_checks(test)
            # A row of no conversation, or of none that was cut.
            is_looked_for = not asked.get("changes_alone") or column in (
                *("source", "conversation_id"),
                *(columns if "conversation_id" not in columns else ()),
            )
            assert not is_looked_for or built.failed_checks(test, CHANGED)
    with built.broken(model):
        built.add(model)
        if len(built.connection.execute(f"from {built.tables[model]}").fetchall()) == 1:
            built.add(model)
        assert built.failed_checks(test) == {f"{', '.join(columns)} unique"}


# --- what is judged of a night -------------------------------------------------------------------

# For each test that does not read all rows each night: a table, and what breaks a conversation.
ONE = "from {table} where source = 'sample' and conversation_id = '{conversation}' limit 1"
BROKEN = {
    "every_activity_is_in_a_segment": (
        "messages",
        "delete from {table} where conversation_id = '{conversation}'",
    ),
    "every_kept_row_has_a_state": (
        "int_kept_states",
        "delete from {table} where conversation_id = '{conversation}'",
    ),
    "every_segment_has_its_activities": (
        "messages",
        "delete from {table} where conversation_id = '{conversation}'",
    ),
    "every_session_of_a_segment_is_there": (
        "sessions",
        "delete from {table} where conversation_id = '{conversation}'",
    ),
    **{
        f"key_{model}": (model, f"insert into {{table}} {ONE}")
        for model, asked in KEYS
        if asked.get("changes_alone")
    },
}


def test_each_test_that_judges_what_changed_is_among_them(built: Built) -> None:
    parted = {
        test
        for checks, test in built.queries
        if checks == FULL and built.queries[FULL, test] != built.queries[CHANGED, test]
    }
    assert parted == set(BROKEN)


@pytest.mark.parametrize("test", BROKEN)
def test_what_changed_is_judged_each_night_and_all_else_in_full(built: Built, test: str) -> None:
    model, break_it = BROKEN[test]
    table = built.tables[model]
    with built.broken(model, "int_changed_conversations") as execute:
        # Not each conversation has rows in these.
        is_rare = model in ("int_kept_findings", "int_kept_attributes")
        rows = built.tables[model if is_rare else "sessions"]
        [(cut,), (other,)] = execute(
            f"select distinct conversation_id from {rows} "
            "where source = 'sample' order by conversation_id limit 2"
        ).fetchall()
        changes = built.tables["int_changed_conversations"]
        execute(f"delete from {changes}")
        execute(
            f"insert into {changes} (source, conversation_id, change_reason) "
            f"values ('sample', '{cut}', 'rows')"
        )
        execute(break_it.format(table=table, conversation=other))
        assert built.failures(test, FULL)
        assert built.failures(test, CHANGED) == []
        execute(break_it.format(table=table, conversation=cut))
        assert built.failures(test, CHANGED)


@pytest.mark.parametrize(
    "change", ["session_id = 'x'", "session_id = null", "segment_kind = 'x'", "segment_id = 'x'"]
)
def test_messages_name_their_segment_its_kind_and_its_session(built: Built, change: str) -> None:
    with built.broken("messages") as execute:
        table = built.tables["messages"]
        of_a_session = f"(select min(message_id) from {table} where segment_kind = 'session')"
        execute(f"update {table} set {change} where message_id = {of_a_session}")
        assert built.failures("every_segment_has_its_activities")
