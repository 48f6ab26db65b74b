"""The raw tables of a source as tables of a schema: of the warehouse, or of another database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from containment import raw_checks, raw_tables, raw_times, sql, warehouse
from containment.errors import Stop, one_line
from containment.places import PROJECT
from containment.raw_checks import Facts
from containment.raw_findings import check_required, check_types, raw_data
from containment.raw_places import ADDRESS, Schema
from containment.raw_reading import Reading
from containment.raw_tables import Table
from containment.raw_views import ATTACHED, Part, RawData, with_json


def inspect(
    place: Schema,
    source: str,
    warehouse_file: Path,
    root: Path = PROJECT,
    reading: Reading | None = None,
) -> RawData:
    """Take a schema, a source and the project folder; give the views to make.

    `reading` is what the settings say of the source.
    Stop when a table or a column that the source needs is missing. `warehouse_file` is the
    warehouse, where a place without a database is.
    """
    attach = _attach(place)
    reading = reading or Reading()
    parts_of: dict[Table, list[Part]] = {}
    facts: dict[Table, Facts] = {}
    with _opened(place, attach, warehouse_file) as connection:
        found = _tables(place, connection)
        for table in raw_tables.renamed(raw_tables.declared(root, source), reading.columns):
            name = found.get(table.name)
            if name is None and table.required:
                raise Stop(
                    f"{source}: no table {table.name} in {place}; load it, or check source_tables "
                    f"(found: {', '.join(sorted(found)) or 'none'})"
                )
            parts_of[table], facts[table] = [], Facts()
            if name is not None:
                where = f"{place}.{name}"
                parent = f"{ATTACHED}." if place.database else ""
                relation = f"{parent}{sql.name(place.schema)}.{sql.name(name)}"
                described = connection.execute(f"describe select * from {relation}").fetchall()
                types = {row[0].lower(): row[1] for row in described}
                check_required(table, where, [row[0] for row in described])
                check_types(table, where, types, relation, connection)
                parts_of[table] = [with_json(relation, types, table.reads)]
                facts[table] = _look(table, where, parts_of[table][0], reading, connection)
        count = sum(bool(parts) for parts in parts_of.values())
        return raw_data(
            source, parts_of, facts, reading, f"{count} tables in {place}", attach=attach
        )


def _look(
    table: Table,
    where: str,
    part: Part,
    reading: Reading,
    connection: duckdb.DuckDBPyConnection,
) -> Facts:
    """What is known of the times of a table that are text; nothing where none is."""
    if all(raw_times.is_time_type(part.types.get(each.lower(), "DATE")) for each in table.times):
        return Facts()
    named = replace(
        part, relation=f"(select *, {sql.text(where)} as {raw_checks.FILE} from {part.relation})"
    )
    facts = raw_checks.look(table, named, reading, connection, every_column=False)
    return facts.get(where, Facts())


def _attach(place: Schema) -> str | None:
    if place.database is None:
        return None
    kind = "" if ADDRESS.match(place.database) else "type duckdb, "
    return f"attach {sql.text(place.database)} as {ATTACHED} ({kind}read_only)"


@contextmanager
def _opened(
    place: Schema, attach: str | None, warehouse_file: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection that knows the place."""
    if attach is None:
        if not warehouse_file.is_file():
            raise Stop(f"{warehouse_file}: not there, so it has no schema {place.schema}; load it")
        with warehouse.opened(warehouse_file) as connection:
            yield connection
        return
    with duckdb.connect() as connection:
        try:
            connection.execute(attach)
        except duckdb.Error as error:
            raise Stop(f"{place}: cannot be opened ({one_line(error)})") from None
        try:
            yield connection
        except duckdb.Error as error:
            raise Stop(f"{place}: cannot be read ({one_line(error)})") from None


def _tables(place: Schema, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The tables and views of the schema: their names in lower case, and as they are."""
    database = f"'{ATTACHED}'" if place.database else "current_database()"
    rows = connection.execute(
        "select table_name from information_schema.tables "
        f"where table_catalog = {database} and lower(table_schema) = lower(?)",
        [place.schema],
    ).fetchall()
    return {row[0].lower(): row[0] for row in rows}
