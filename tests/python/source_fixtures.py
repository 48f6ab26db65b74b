"""The raw systems with their fixture data, in their true shapes: one entry a system.

A fixture module has SCHEMA (table -> columns with types), tables() (table -> rows), CASE_IDS (the
sample's conversation -> the system's, for the worked cases that the system can express), TRAPS
(name -> its timeline ..., what each of its segments must be) with TRAP_IDS, and perhaps LOOKUPS
(seed -> rows that a user would add to it).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import chatwoot_fixture
import duckdb
import intercom_fixture
import rasa_fixture
import zendesk_fixture

from containment import sql

FIXTURES: dict[str, ModuleType] = {
    "chatwoot": chatwoot_fixture,
    "intercom": intercom_fixture,
    "rasa": rasa_fixture,
    "zendesk": zendesk_fixture,
}
# How each is landed, so that every kind of place and file is read by some system.
CSV, PARQUET, JSONL, DATABASE, WAREHOUSE = "csv", "parquet", "jsonl", "database", "warehouse"
LANDED = {"chatwoot": PARQUET, "intercom": CSV, "rasa": DATABASE, "zendesk": PARQUET}


def land(source: str, folder: Path, warehouse: Path) -> dict[str, str]:
    """Write the tables of a source as its landing has them, give their place as a setting."""
    fixture = FIXTURES[source]
    kind = LANDED.get(source, PARQUET)
    folder.mkdir(parents=True, exist_ok=True)
    if kind == WAREHOUSE:
        fill(warehouse, source, fixture)
        return {"schema": source}
    database = folder / "landed.duckdb"
    fill(database, source, fixture)
    if kind == DATABASE:
        return {"database": str(database), "schema": source}
    with duckdb.connect(str(database)) as connection:
        for table in fixture.SCHEMA:
            file = sql.text(str(folder / f"{table}.{kind}"))
            kinds = {CSV: "csv, header", PARQUET: "parquet", JSONL: "json"}
            connection.execute(f"copy {source}.{sql.name(table)} to {file} (format {kinds[kind]})")
    database.unlink()
    return {"path": str(folder)}


def fill(database: Path, schema: str, fixture: ModuleType) -> None:
    """Make the tables of a fixture in a schema of a DuckDB file, of their true types."""
    database.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"create schema {schema}")
        for table, columns in fixture.SCHEMA.items():
            typed = columns.replace("serial primary key", "integer").replace("jsonb", "json")
            connection.execute(f"create table {schema}.{sql.name(table)} ({typed})")
        for table, rows in _loaded(fixture):
            if table in fixture.SCHEMA:
                _insert(connection, f"{schema}.{sql.name(table)}", rows)


def _loaded(fixture: ModuleType) -> Any:
    return fixture.tables().items()


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: list[Mapping[str, Any]]
) -> None:
    for row in rows:
        names = ", ".join(sql.name(name) for name in row)
        connection.execute(
            f"insert into {table} ({names}) values ({', '.join('?' for _ in row)})",
            list(row.values()),
        )


def add_lookups(project: Path) -> None:
    """Add the rows that a user of each system would add to its lookups."""
    for fixture in FIXTURES.values():
        for seed, lines in getattr(fixture, "LOOKUPS", {}).items():
            path = project / "seeds" / seed
            path.write_text(path.read_text(encoding="utf-8") + "\n".join(lines) + "\n")


def cases(source: str) -> dict[str, str]:
    """The sample's conversation -> the system's."""
    return FIXTURES[source].CASE_IDS
