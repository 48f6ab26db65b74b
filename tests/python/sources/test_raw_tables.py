"""The tables of a raw system: declared in its yml, and read from wherever they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from containment.common.errors import UNUSABLE, Stop
from containment.raw import in_folder, in_schema, views
from containment.raw.views import RawData
from containment.settings import raw_places, source_yml
from containment.settings.lookups import Lookups
from containment.settings.raw_places import Folder, Place, Schema

DESK = """
sources:
  - name: desk
    tables:
      - name: ticket
        identifier: desk_ticket
        config: {meta: {required: true}}
        columns:
          - {name: id, data_type: varchar, config: {meta: {required: true}}}
          - {name: priority, data_type: bigint}
          - {name: opened_at, data_type: timestamp}
          - {name: is_spam, data_type: boolean}
          - {name: has_text, data_type: boolean, config: {meta: {reads: Body, value: "body <> ''"}}}
      - name: ticket_tag
        identifier: desk_ticket_tag
        columns:
          - {name: tag, data_type: varchar, config: {meta: {required: true}}}
"""
WORDS = Lookups(frozenset(), frozenset())
TICKETS = "ID,priority,opened_at,is_spam,Body\n7,2,2026-01-01T09:00:00+02:00,t,secret\n8,high,,,\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one source that declares two tables, one of them needed."""
    yml = source_yml.yml(tmp_path, "desk")
    yml.parent.mkdir(parents=True)
    yml.write_text(DESK)
    return tmp_path


@pytest.fixture
def landed(tmp_path: Path) -> Path:
    folder = tmp_path / "landed"
    folder.mkdir()
    (folder / "ticket_data.csv").write_text(TICKETS)
    return folder


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "containment.duckdb"


@pytest.fixture
def connection(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(warehouse)) as opened:
        yield opened


def database(tmp_path: Path, *statements: str) -> Path:
    """A DuckDB file with a schema `lake`."""
    file = tmp_path / "support.duckdb"
    with duckdb.connect(str(file)) as made:
        for statement in ("create schema if not exists lake", *statements):
            made.execute(statement)
    return file


def inspected(root: Path, place: Place, warehouse: Path) -> RawData:
    if isinstance(place, Folder):
        return in_folder.inspect(place.path, WORDS, "desk", root)
    return in_schema.inspect(place, "desk", warehouse, root)


def refusal(root: Path, place: Place, warehouse: Path) -> str:
    with pytest.raises(Stop) as stop:
        inspected(root, place, warehouse)
    assert stop.value.exit_code == UNUSABLE
    return str(stop.value)


def rows(connection: duckdb.DuckDBPyConnection, view: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"select * from raw.{view} order by 1").fetchall()


def test_a_landing_in_files(
    root: Path, landed: Path, warehouse: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    views.write_views(inspected(root, Folder(landed), warehouse), connection)
    assert rows(connection, "desk_ticket") == [
        ("7", 2, "2026-01-01T09:00:00+02:00", "t", True),  # times and booleans as they came
        ("8", None, None, None, None),
    ]
    assert rows(connection, "desk_ticket_tag") == []


def test_what_an_older_landing_lacks_is_null_of_its_type(
    root: Path, landed: Path, warehouse: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (landed / "ticket_data.csv").write_text("id\n7\n")
    views.write_views(inspected(root, Folder(landed), warehouse), connection)
    described = connection.execute("describe raw.desk_ticket").fetchall()
    assert [row[1] for row in described] == ["VARCHAR", "BIGINT", "TIMESTAMP", "BOOLEAN", "BOOLEAN"]
    assert rows(connection, "desk_ticket") == [("7", None, None, None, None)]


@pytest.mark.parametrize(
    ("file", "is_a_ticket"),
    [
        ("ticket.csv", True),
        ("ticket-2026-09.csv", True),
        ("ticket_0001.csv", True),
        ("ticket_data.csv", True),
        ("TICKET.CSV", True),
        ("ticket/2026/part.csv", True),
        ("ticket_comment.csv", False),
        ("ticket_comment_data.csv", False),
        ("tickets.csv", False),
        ("old_ticket.csv", False),
    ],
)
def test_which_files_are_of_a_table(
    root: Path, landed: Path, warehouse: Path, file: str, is_a_ticket: bool
) -> None:
    (landed / "ticket_data.csv").unlink()
    (landed / file).parent.mkdir(parents=True, exist_ok=True)
    (landed / file).write_text(TICKETS)
    if is_a_ticket:
        assert inspected(root, Folder(landed), warehouse).described == f"1 file in {landed}"
    else:
        assert refusal(root, Folder(landed), warehouse).startswith(f"{landed}: no ticket* file; ")


@pytest.mark.parametrize(
    "content", ['[{"id": 7, "Body": "x"},\n {"id": 8}]', '{"id": 7, "Body": "x"}\n{"id": 8}']
)
def test_a_landing_in_json(
    root: Path,
    landed: Path,
    warehouse: Path,
    connection: duckdb.DuckDBPyConnection,
    content: str,
) -> None:
    (landed / "ticket_data.csv").unlink()
    (landed / "ticket.json").write_text(content)
    views.write_views(inspected(root, Folder(landed), warehouse), connection)
    assert [row[0] for row in rows(connection, "desk_ticket")] == ["7", "8"]


def test_json_that_is_none(root: Path, landed: Path, warehouse: Path) -> None:
    (landed / "ticket_data.csv").unlink()
    file = landed / "ticket.json"
    file.write_text("[1, 2")
    assert refusal(root, Folder(landed), warehouse).startswith(f"{file}: ")
    file.write_text('[{"number": 7}]')
    assert refusal(root, Folder(landed), warehouse).startswith(f"{file}: ticket has no column id")


def test_a_landing_in_another_database_is_copied(
    root: Path, tmp_path: Path, warehouse: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    file = database(
        tmp_path,
        "create table lake.ticket as select 7 as id, timestamptz '2026-01-01 09:00:00+02' "
        "as opened_at, true as is_spam, 'secret' as body",
    )
    place = raw_places.parse(
        "desk", {"database": "support.duckdb", "schema": "lake"}, "test", tmp_path
    )
    views.write_views(inspected(root, place, warehouse), connection)
    file.unlink()  # the night goes on without it
    ((number, priority, opened_at, is_spam, has_text),) = rows(connection, "desk_ticket")
    assert (number, priority, str(opened_at)) == ("7", None, "2026-01-01 07:00:00")
    assert (is_spam, has_text) == (True, True)
    assert b"secret" not in warehouse.read_bytes()


def test_a_landing_in_the_warehouse_is_read_in_place(
    root: Path, warehouse: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    connection.execute("create schema Lake; create table lake.Ticket as select 7 as id")
    connection.close()
    raw = inspected(root, Schema("lake"), warehouse)
    with duckdb.connect(str(warehouse)) as again:
        views.write_views(raw, again)
        again.execute("insert into lake.ticket values (8)")
        assert [row[0] for row in rows(again, "desk_ticket")] == ["7", "8"]


def test_a_source_may_move_to_another_place(
    root: Path,
    landed: Path,
    tmp_path: Path,
    warehouse: Path,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    file = database(tmp_path, "create table lake.ticket as select 9 as id")
    for place, first in (
        (Folder(landed), "7"),
        (Schema("lake", str(file)), "9"),
        (Schema("lake", str(file)), "9"),
        (Folder(landed), "7"),
    ):
        views.write_views(inspected(root, place, warehouse), connection)
        assert rows(connection, "desk_ticket")[0][0] == first


def test_what_is_missing_in_a_database(root: Path, tmp_path: Path, warehouse: Path) -> None:
    file = database(tmp_path)
    place = Schema("lake", str(file))
    assert refusal(root, place, warehouse) == (
        f"desk: no table ticket in {file}, schema lake; load it, or check source_tables "
        "(found: none)"
    )
    database(tmp_path, "create table lake.ticket as select 7 as number")
    assert refusal(root, place, warehouse) == (
        f"{file}, schema lake.ticket: ticket has no column id; add or rename it, or say its "
        "name in raw_columns (found: number)"
    )
    database(tmp_path, "create or replace table lake.ticket as select 7 as id, 9 as opened_at")
    assert "opened_at of ticket holds numbers of 1 digit; set raw_epoch" in refusal(
        root, place, warehouse
    )
    file.write_text("no database at all")
    assert refusal(root, place, warehouse).startswith(f"{file}, schema lake: cannot be opened (")
    assert refusal(root, Schema("lake"), warehouse).startswith(f"{warehouse}: not found, so ")


@pytest.mark.parametrize(
    "value",
    [
        None,
        "DIR",
        {},
        {"path": 7},
        {"path": ""},
        {"folder": "DIR"},
        {"database": "x"},
        {"path": "DIR", "schema": "s"},
    ],
)
def test_a_place_that_is_none(tmp_path: Path, value: Any) -> None:
    with pytest.raises(Stop, match="source_tables of desk names no place; write "):
        raw_places.parse("desk", value, "test", tmp_path)


@pytest.mark.parametrize(
    "address",
    ["postgres:dbname=x password=hunter2", "postgres://me:hunter2@db/x", "md:x?token=hunter2"],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    with pytest.raises(Stop, match="must hold no secret") as stop:
        raw_places.parse("desk", {"database": address, "schema": "s"}, "test", tmp_path)
    assert "hunter2" not in str(stop.value)


def test_addresses_and_files(tmp_path: Path) -> None:
    def parse(database: str) -> Place:
        return raw_places.parse("desk", {"database": database, "schema": "s"}, "test", tmp_path)

    assert parse("postgres:dbname=x host=db") == Schema("s", "postgres:dbname=x host=db")
    assert parse("md:support") == Schema("s", "md:support")
    with pytest.raises(Stop, match=r"no database file .*gone\.duckdb; check the path"):
        parse("gone.duckdb")


def test_a_declaration_that_is_none(root: Path) -> None:
    assert source_yml.declared(root, "sample") == ()
    yml = source_yml.yml(root, "desk")
    for content in ("sources: [", "sources: {}", "[]", "sources: [{name: desk, tables: [{}]}]"):
        yml.write_text(content)
        if content == "sources: {}":
            continue
        with pytest.raises(Stop, match=r"models/staging/desk/_desk__sources\.yml: "):
            source_yml.declared(root, "desk")
