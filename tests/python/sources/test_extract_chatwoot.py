"""scripts/extract chatwoot against a real PostgreSQL server, and the night on what it loads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chatwoot_fixture as chatwoot
import duckdb
import postgres_server
import projects
import pytest

pytestmark = pytest.mark.heavy

PASSWORD = "pass-not-for-logs"
VARIABLE = "SOURCES__CHATWOOT__CREDENTIALS"
AS_OF = "2026-10-05T02:00:00Z"  # the sample's


@dataclass
class Desk:
    """A Chatwoot database, and the home into which it is extracted."""

    address: str
    home: Path

    def run(self, *statements: str) -> None:
        """Run statements on the server."""
        import psycopg2

        connection = psycopg2.connect(self.address)
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.close()

    def insert(self, tables: dict[str, list[dict[str, Any]]]) -> None:
        """Write the rows of a fixture."""
        import psycopg2

        connection = psycopg2.connect(self.address)
        with connection, connection.cursor() as cursor:
            for table, rows in tables.items():
                for row in rows:
                    places = ", ".join(["%s"] * len(row))
                    names = ", ".join(row)
                    statement = f"insert into {table} ({names}) values ({places})"
                    cursor.execute(statement, list(row.values()))
        connection.close()

    def extract(
        self, *options: str, address: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run scripts/extract."""
        return subprocess.run(
            [
                *(sys.executable, str(projects.ROOT / "scripts" / "extract"), "chatwoot"),
                *("--home", str(self.home), *options),
            ],
            env={
                **os.environ,
                "CONTAINMENT_VENV": sys.prefix,
                VARIABLE: self.address if address is None else address,
            },
            text=True,
            capture_output=True,
        )

    def loaded(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query in which {table} stands for a table's files."""
        tables = {
            table: f"read_parquet('{self.home}/raw/chatwoot/{table}/*.parquet')"
            for table in chatwoot.SCHEMA
        }
        with duckdb.connect() as connection:
            return connection.execute(query.format(**tables)).fetchall()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The fixture's rows, extracted once."""
    with postgres_server.running(PASSWORD) as address:
        desk = Desk(address, tmp_path_factory.mktemp("extract"))
        desk.run(*(f"create table {name} ({kinds})" for name, kinds in chatwoot.SCHEMA.items()))
        desk.insert(chatwoot.tables())
        done = desk.extract()
        assert done.returncode == 0, done.stdout + done.stderr
        assert "no table captain_inboxes in this Chatwoot: left out" in done.stdout
        assert "messages: 126 rows" in done.stdout
        yield desk


def test_the_night_on_what_was_extracted_gives_the_sessions_of_the_fixture(
    desk: Desk, tmp_path: Path
) -> None:
    raw = str(desk.home / "raw" / "chatwoot")
    night = projects.nightly(tmp_path, "--source", "chatwoot", "--raw-path", raw, "--as-of", AS_OF)
    assert night.returncode == 0, night.stdout + night.stderr
    database = tmp_path / "published" / "containment.duckdb"
    found: dict[str, list[str]] = {}
    for row in projects.rows(
        database,
        "select conversation_id, if(segment_kind = 'session', outcome, segment_kind) as what "
        "from marts.segments order by conversation_id, segment_number",
    ):
        found.setdefault(row["conversation_id"], []).append(row["what"])
    assert found[chatwoot.CASE_IDS["founding-article"]] == [
        *("resolved", "resolved", "escalated", "handoff"),
    ]
    for name, (*_, expected) in chatwoot.TRAPS.items():
        assert found[chatwoot.TRAP_IDS[name]] == expected, name


def test_what_is_not_read_is_not_loaded(desk: Desk) -> None:
    columns = {
        path.name: set(duckdb.sql(f"select * from '{path}/*.parquet'").columns)
        for path in (desk.home / "raw" / "chatwoot").iterdir()
        if path.is_dir() and not path.name.startswith("_")
    }
    assert "users" not in columns
    assert columns["messages"] >= {"id", "created_at", "sender_type", "loaded_at"}
    assert not columns["messages"] & {"content", "processed_message_content", "source_id"}
    assert not columns["conversations"] & {"additional_attributes", "identifier"}


def test_of_json_columns_only_what_staging_reads_is_loaded(desk: Desk) -> None:
    assert set(
        desk.loaded("select distinct content_attributes, additional_attributes from {messages}")
    ) == {
        ('{"external_echo":true}', "{}"),
        ('{"automation_rule_id":4}', "{}"),
        ("{}", '{"campaign_id":3}'),
        ("{}", "{}"),
    }


def test_a_second_run_loads_what_changed_since(desk: Desk) -> None:
    desk.run(
        "update conversations set cached_label_list = 'test', updated_at = '2026-10-01' "
        "where id = 3",
        "insert into messages (id, conversation_id, message_type, created_at, updated_at, "
        "sender_type, sender_id) values "
        "(900, 3, 0, '2026-10-01', '2026-10-01', 'Contact', 1003)",
        "delete from agent_bot_inboxes where inbox_id = 3",
    )
    assert desk.extract().returncode == 0
    assert desk.loaded("select count(*) from {messages} where id = 900") == [(1,)]
    assert desk.loaded("select count(*) from {messages} where id = 1") == [(1,)]
    assert desk.loaded("select count(distinct id) from {messages}") == [(127,)]
    assert desk.loaded("select count(*), max(cached_label_list) from {conversations} where id = 3")
    # Of the small tables the present alone.
    assert desk.loaded("select count(*) from {agent_bot_inboxes}") == [(2,)]


def test_a_row_whose_transaction_ended_late_is_not_missed(desk: Desk) -> None:
    desk.run(
        "insert into messages (id, conversation_id, message_type, created_at, updated_at) "
        "values (901, 3, 0, '2026-10-02', '2026-10-02')"
    )
    assert desk.extract().returncode == 0
    desk.run(
        "insert into messages (id, conversation_id, message_type, created_at, updated_at) "
        "values (902, 3, 0, '2026-10-01 23:50', '2026-10-01 23:50')"
    )
    assert desk.extract().returncode == 0
    assert desk.loaded("select count(distinct id) from {messages} where id > 900") == [(2,)]


def test_everything_is_read_again_when_that_is_wanted(desk: Desk) -> None:
    desk.run("delete from messages where id > 899")
    assert desk.extract("--full").returncode == 0
    assert desk.loaded("select count(*), count(distinct id) from {messages}") == [(126, 126)]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", f"{VARIABLE} is not set"),
        ("nonsense", f"{VARIABLE}: not a database address"),
        (f"postgresql://chatwoot:{PASSWORD}@127.0.0.1:1/postgres", "Connection refused"),
        (f"postgresql://chatwoot:{PASSWORD}@127.0.0.1:1x/postgres", "not a database address"),
    ],
)
def test_what_cannot_be_reached_is_said_in_one_line(desk: Desk, address: str, reason: str) -> None:
    done = desk.extract(address=address)
    assert done.returncode == 2
    assert reason in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_wrong_password_is_said_in_one_line(desk: Desk) -> None:
    done = desk.extract(address=desk.address.replace(PASSWORD, "wrong-not-for-logs"))
    assert done.returncode == 2
    assert "password authentication failed" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_another_database_is_refused_by_name(desk: Desk) -> None:
    desk.run("alter table inboxes rename to inboxes_elsewhere")
    try:
        done = desk.extract()
    finally:
        desk.run("alter table inboxes_elsewhere rename to inboxes")
    assert done.returncode == 2
    assert "no table inboxes" in done.stderr


def test_no_secret_is_in_any_file(desk: Desk) -> None:
    """The last of this module: logs, dlt's own files, and the rows of all the runs above."""
    files = [path for path in desk.home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".parquet" for path in files)
    assert any(path.name == "extract.log" for path in files)
    for path in files:
        content = path.read_bytes()
        for secret in (PASSWORD, "not-for-logs", chatwoot.SECRET):
            assert secret.encode() not in content, path
