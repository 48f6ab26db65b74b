"""Lay views `raw.<source>_<table>` over the raw tables of a source, wherever these are.

A view has exactly the columns that the source declares. Those of another database are copied, for
a view would need it, and its password, at each later use; and what a live database holds should
not move during a night.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import duckdb

from containment import sql
from containment.errors import Stop, one_line
from containment.raw_tables import BOOLEAN, SCHEMA, TEXT, TIME, Column, Table

ATTACHED = "raw_database"
SALT = "containment_id_salt"  # the variable of a connection by which ids are hashed


@dataclass(frozen=True)
class Part:
    """Data that are read the same way: `relation` reads them, `types` has their columns.

    Names of columns are in lower case there.
    """

    relation: str
    types: Mapping[str, str]


@dataclass(frozen=True)
class RawData:
    """What was found of a source: a select statement per view, and what the user should know.

    `attach`: the statement that makes their database known, when it is another one. `salt`: that
    of the ids, where the selects hash them; their tables are copied then.
    """

    selects: Mapping[str, str]
    described: str
    warnings: tuple[str, ...] = ()
    attach: str | None = None
    salt: str | None = field(default=None, repr=False)


def write_views(raw: RawData, connection: duckdb.DuckDBPyConnection) -> None:
    """Take what `inspect` gave and a connection to the warehouse; make the views, all or none."""
    kind = "table" if raw.attach or raw.salt else "view"
    try:
        if raw.salt:
            connection.execute(f"set variable {SALT} = {sql.text(raw.salt)}")
        if raw.attach:
            connection.execute(raw.attach)
        connection.execute("begin")
        connection.execute(f"create schema if not exists {SCHEMA}")
        for view, select in raw.selects.items():
            _drop_other_kind(connection, view, kind)
            relation = f"{SCHEMA}.{sql.name(view)}"
            connection.execute(f"create or replace {kind} {relation} as {select}")
        connection.execute("commit")
    except duckdb.Error as error:
        with suppress(duckdb.Error):  # a commit that failed has ended the transaction itself
            connection.execute("rollback")
        # Of a source whose ids are hashed the error could quote the row.
        reason = type(error).__name__ if raw.salt else one_line(error)
        raise Stop(f"schema {SCHEMA}: cannot make its {kind}s ({reason})") from None
    finally:
        if raw.salt:
            connection.execute(f"reset variable {SALT}")
        if raw.attach:
            connection.execute(f"detach database if exists {ATTACHED}")


def select(table: Table, parts: Sequence[Part]) -> str:
    """One select over all parts: exactly the columns of the table, in its order."""
    kinds = {name: _common_kind(column, parts) for name, column in table.columns.items()}
    if not parts:
        columns = ", ".join(f"cast(null as {kinds[name]}) as {sql.name(name)}" for name in kinds)
        return f"select {columns} where false"
    return " union all ".join(
        "select "
        + ", ".join(
            f"{_expression(column, kinds[name], part)} as {sql.name(name)}"
            for name, column in table.columns.items()
        )
        + f" from {part.relation}"
        for part in parts
    )


def _common_kind(column: Column, parts: Sequence[Part]) -> str:
    types = [part.types.get(column.reads.lower()) for part in parts]
    found = {_kind(column, each) for each in types if each is not None} or {column.type}
    return found.pop() if len(found) == 1 else TEXT


def _kind(column: Column, source_type: str) -> str:
    """The type that the view gives a column which has `source_type` in the data."""
    if column.value is None and (
        (column.type == TIME and source_type == "VARCHAR")
        or (column.type == BOOLEAN and source_type != "BOOLEAN")
    ):
        return TEXT
    return column.type


def _expression(column: Column, kind: str, part: Part) -> str:
    source_type = part.types.get(column.reads.lower())
    if source_type is None:
        return f"cast(null as {kind})"
    if column.value is not None:
        return f"try_cast({column.value} as {kind})"
    value = sql.name(column.reads)
    if _kind(column, source_type) == TIME:
        if source_type == "TIMESTAMP WITH TIME ZONE":
            value = f"({value} at time zone 'UTC')"
        value = f"cast({value} as {TIME})"
    # Text is cast to text only: a cast of text to a timestamp would drop its offset.
    if kind == TIME:
        return value
    return f"{'cast' if kind in (TEXT, BOOLEAN) else 'try_cast'}({value} as {kind})"


def _drop_other_kind(connection: duckdb.DuckDBPyConnection, view: str, kind: str) -> None:
    """A source may have been read from another kind of place the night before."""
    other = "view" if kind == "table" else "table"
    found = connection.execute(
        f"select 1 from duckdb_{other}s() where database_name = current_database() "
        f"and schema_name = ? and {other}_name = ?",
        [SCHEMA, view],
    ).fetchone()
    if found:
        connection.execute(f"drop {other} {SCHEMA}.{sql.name(view)}")
