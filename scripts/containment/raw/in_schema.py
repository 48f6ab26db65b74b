"""The raw tables of a source as tables of a schema: of the warehouse, or of another database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from containment.common import sql, warehouse
from containment.common.errors import Stop, one_line
from containment.common.places import PROJECT
from containment.raw import checks, timestamps
from containment.raw.assess import assessed, check_required, check_types
from containment.raw.checks import Facts
from containment.raw.views import ATTACHED, Part, RawData, with_json
from containment.settings import source_yml
from containment.settings.raw_places import ADDRESS, Schema
from containment.settings.raw_reading import Reading
from containment.settings.source_yml import Table


def inspect(
    place: Schema,
    source: str,
    warehouse_file: Path,
    root: Path = PROJECT,
    reading: Reading | None = None,
) -> RawData:
    """Return the views to make for the tables of a source in a schema.

    Raises Stop if a table or column that the source needs is missing.
    """
    attach = _attach(place)
    reading = reading or Reading()
    parts_of: dict[Table, list[Part]] = {}
    facts: dict[Table, Facts] = {}
    with _opened(place, attach, warehouse_file) as connection:
        found = _tables(place, connection)
        for table in source_yml.as_asked(source_yml.declared(root, source), reading):
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
        return assessed(
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
    if all(timestamps.is_time_type(part.types.get(each.lower(), "DATE")) for each in table.times):
        return Facts()
    named = replace(
        part, relation=f"(select *, {sql.text(where)} as {checks.FILE} from {part.relation})"
    )
    facts = checks.look(table, named, reading, connection, every_column=False)
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
            raise Stop(f"{warehouse_file}: not found, so it has no schema {place.schema}; load it")
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
