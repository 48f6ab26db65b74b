"""The raw tables of a source as tables of a schema: of the warehouse, or of another database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from containment import raw_tables, sql, warehouse
from containment.errors import Stop, one_line
from containment.places import PROJECT
from containment.raw_files import check_types
from containment.raw_places import ADDRESS, Schema
from containment.raw_views import ATTACHED, Part, RawData, select


def inspect(place: Schema, source: str, warehouse_file: Path, root: Path = PROJECT) -> RawData:
    """Take a schema, a source and the project folder; give the views to make.

    Stop when a table or a column that the source needs is missing. `warehouse_file` is the
    warehouse, where a place without a database is.
    """
    attach = _attach(place)
    selects: dict[str, str] = {}
    count = 0
    with _opened(place, attach, warehouse_file) as connection:
        found = _tables(place, connection)
        for table in raw_tables.declared(root, source):
            name = found.get(table.name)
            if name is None and table.required:
                raise Stop(
                    f"{source}: no table {table.name} in {place}; load it, or check source_tables "
                    f"(found: {', '.join(sorted(found)) or 'none'})"
                )
            parts = []
            if name is not None:
                count += 1
                parent = f"{ATTACHED}." if place.database else ""
                relation = f"{parent}{sql.name(place.schema)}.{sql.name(name)}"
                described = connection.execute(f"describe select * from {relation}").fetchall()
                types = check_types(table, f"{place}.{name}", relation, described, connection)
                parts = [Part(relation, types)]
            selects[table.view] = select(table, parts)
    return RawData(selects, f"{count} tables in {place}", attach=attach)


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
