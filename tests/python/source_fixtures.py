"""The raw systems with their fixture data, in their true shapes: each module <system>_fixture.py.

Such a module has SCHEMA (table -> columns with types), tables() (table -> rows), CASE_IDS (the
sample's conversation -> the system's, for the worked cases that the system can express), TRAPS
(name -> its timeline ..., what each of its segments must be) with TRAP_IDS, and perhaps LANDED (how
it is landed), and LOOKUPS (seed -> rows that a user would add to it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import projects

from containment.common import sql
from containment.raw import in_folder, in_schema, views
from containment.settings import lookups, raw_places
from containment.settings.raw_places import Folder

SUFFIX = "_fixture"
FIXTURES: dict[str, ModuleType] = {
    path.stem.removesuffix(SUFFIX): import_module(path.stem)
    for path in sorted(Path(__file__).parent.glob(f"*{SUFFIX}.py"))
}
CSV, PARQUET, JSONL = "csv", "parquet", "jsonl"
DATABASE = "database"
FORMATS = {CSV: "csv, header", PARQUET: "parquet", JSONL: "json"}


def read(source: str, fixture: ModuleType, folder: Path, project: Path, warehouse: Path) -> None:
    """Land the tables of a source in `folder`, and lay its views, as the nightly does."""
    place = raw_places.parse(source, land(source, fixture, folder), "test", folder)
    if isinstance(place, Folder):
        words = lookups.load(project)
        raw = in_folder.inspect(place.path, words, source, project)
    else:
        raw = in_schema.inspect(place, source, warehouse, project)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        views.write_views(raw, connection)


def land(source: str, fixture: ModuleType, folder: Path) -> Mapping[str, str]:
    """Write the tables of a source as a landing has them, give their place as a setting."""
    kind = getattr(fixture, "LANDED", PARQUET)
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "landed.duckdb"
    fill(database, source, fixture)
    if kind == DATABASE:
        return {"database": str(database), "schema": source}
    with duckdb.connect(str(database)) as connection:
        for table in fixture.SCHEMA:
            file = sql.text(str(folder / f"{table}.{kind}"))
            relation = f"{source}.{sql.name(table)}"
            connection.execute(f"copy {relation} to {file} (format {FORMATS[kind]})")
    database.unlink()
    return {"path": str(folder)}


def fill(database: Path, schema: str, fixture: ModuleType) -> None:
    """Make the tables of a fixture in a schema of a DuckDB file, of their true types."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"create schema {schema}")
        for table, columns in fixture.SCHEMA.items():
            typed = columns.replace("serial primary key", "integer").replace("jsonb", "json")
            connection.execute(f"create table {schema}.{sql.name(table)} ({typed})")
        for table, rows in fixture.tables().items():
            if table in fixture.SCHEMA:
                _insert(connection, f"{schema}.{sql.name(table)}", rows)


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    for row in rows:
        names = ", ".join(sql.name(name) for name in row)
        values = ", ".join("?" for _ in row)
        connection.execute(f"insert into {table} ({names}) values ({values})", list(row.values()))


def add_lookups(project: Path, fixture: ModuleType) -> None:
    """Add the rows that a user of the system would add to its lookups."""
    for seed, lines in getattr(fixture, "LOOKUPS", {}).items():
        path = project / "seeds" / seed
        path.write_text(path.read_text(encoding="utf-8") + "\n".join(lines) + "\n")


def staging_folders() -> set[str]:
    """The systems that the project reads."""
    staging = projects.ROOT / "models" / "staging"
    return {path.name for path in staging.iterdir() if path.is_dir()} - {"sample", "files"}
