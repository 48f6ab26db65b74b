"""Whether two warehouses hold the same tables, row for row."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

Name = tuple[str, str]  # schema, table

MARTS = "marts"
# What tells of nights, not of raw rows, may differ between one night and many.
OF_RUNS = {(MARTS, "run_log"), (MARTS, "published_days"), (MARTS, "restatements")}
NAMES_A_RUN = re.compile(r"(^|_)run(_|$)")
MADE_ANEW = ("replaced_view", "replaced_table", "view", "table", "ephemeral", "seed")
EXAMPLES = 3


@dataclass(frozen=True)
class Difference:
    """A table that differs: rows that the second warehouse lacks of the first, and has too many."""

    table: str
    reason: str = ""
    missing: int = 0
    extra: int = 0
    examples: str = ""

    def __str__(self) -> str:
        if self.reason:
            return f"{self.table}: {self.reason}"
        return f"{self.table}: {self.missing} missing, {self.extra} extra{self.examples}"


def kept_tables(manifest: Path) -> set[Name]:
    """The tables that dbt keeps from night to night, from its manifest.json."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return {
        (node["schema"], node["alias"])
        for node in nodes
        if node["resource_type"] == "model"
        and (
            node["config"]["materialized"] not in MADE_ANEW
            or (
                node["alias"].startswith("int_kept_")
                and node["config"]["materialized"] != "replaced_view"
            )
        )
    }


def compared(database: Path, kept: Iterable[Name] = ()) -> list[Name]:
    """The tables of a database file that are compared: the marts, and those of `kept`."""
    with duckdb.connect(str(database), read_only=True) as connection:
        there = _columns(connection, database.stem)
    return sorted(name for name in there.keys() - OF_RUNS if name[0] == MARTS or name in kept)


def difference(wanted: Path, found: Path, kept: Iterable[Name] = ()) -> Difference | None:
    """The first table of the marts, or of `kept`, that differs between two database files."""
    return next(differences(wanted, found, kept), None)


def differences(
    wanted: Path, found: Path, kept: Iterable[Name] = (), *, with_runs: bool = False
) -> Iterator[Difference]:
    """Each table of the marts, or of `kept`, that differs between two database files.

    with_runs: also what tells of nights.
    """
    left_out = set() if with_runs else OF_RUNS
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for alias, path in (("wanted", wanted), ("found", found)):
            connection.execute(f"attach '{path}' as {alias} (read_only)")
        columns = {
            alias: _columns(connection, alias, with_runs=with_runs) for alias in ("wanted", "found")
        }
        in_marts = {name for of in columns.values() for name in of if name[0] == MARTS}
        for name in sorted({*kept, *in_marts} - left_out):
            should, got = (columns[alias].get(name) for alias in ("wanted", "found"))
            if should is None and got is None:
                continue
            if should is None or got is None:
                yield Difference(".".join(name), "not there" if got is None else "not wanted")
            elif should != got:
                differing = sorted(map(str, set(should) ^ set(got))) or "in another order"
                yield Difference(".".join(name), f"columns {differing}")
            elif here := _rows_differ(connection, name, [column for column, _ in should]):
                yield here


def copy_marts(
    database: Path, copy: Path, schema: str = MARTS, left_out: Mapping[str, str] | None = None
) -> Path:
    """Copy the marts of a warehouse, which may be views there, to a new file; give that file.

    schema: where the marts are. left_out: columns not to copy, of marts by name.
    """
    with duckdb.connect(str(database)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{copy}' as copied; create schema copied.{MARTS}")
        for (mart,) in connection.execute(
            "select table_name from information_schema.tables "
            "where table_catalog = current_database() and table_schema = ?",
            [schema],
        ).fetchall():
            columns = (left_out or {}).get(mart)
            connection.execute(
                f"create table copied.{MARTS}.{mart} as "
                f"select * {f'exclude ({columns})' if columns else ''} from {schema}.{mart}"
            )
    return copy


def assert_same(wanted: Path, found: Path, kept: Iterable[Name] = ()) -> None:
    """Fail with the first table that differs, the counts of its rows and examples."""
    here = difference(wanted, found, kept)
    assert here is None, str(here)


def assert_published(warehouse: Path, publication: Path, *, with_parquet: bool = True) -> None:
    """Fail with the first mart of a warehouse that differs in a publication of it, in the database
    file or in parquet, or whose comments do."""
    database = publication / "containment.duckdb"
    found = next(differences(warehouse, database, with_runs=True), None)
    assert found is None, str(found)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{warehouse}' as wanted (read_only)")
        connection.execute(f"attach '{database}' as found (read_only)")
        columns = _columns(connection, "found", with_runs=True)
        for _, mart in columns if with_parquet else ():
            folder = publication / "parquet"
            files = f"{folder}/{mart}{'/*' if (folder / mart).is_dir() else ''}.parquet"
            for one, other in (
                (f"found.marts.{mart}", f"'{files}'"),
                (f"'{files}'", f"found.marts.{mart}"),
            ):
                rows = connection.execute(f"from {one} except all from {other}").fetchall()
                assert not rows, f"{mart} in parquet: {len(rows)} rows of {one}, {rows[:EXAMPLES]}"
        if with_parquet:
            assert {each.stem for each in (publication / "parquet").iterdir()} == {
                mart for _, mart in columns
            }
        of_marts = "where database_name = $1 and schema_name = 'marts'"
        wanted, got = (
            connection.execute(
                f"select table_name, null, comment from duckdb_tables() {of_marts} union all "
                f"select view_name, null, comment from duckdb_views() {of_marts} union all "
                f"select table_name, column_name, comment from duckdb_columns() {of_marts} "
                "order by all",
                [alias],
            ).fetchall()
            for alias in ("wanted", "found")
        )
        assert wanted == got


def _columns(
    connection: duckdb.DuckDBPyConnection, alias: str, *, with_runs: bool = False
) -> dict[Name, list[tuple[str, str]]]:
    """The columns of each table with their types, in order; those that name a run if wanted."""
    found: dict[Name, list[tuple[str, str]]] = {}
    for schema, table, column, data_type in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where database_name = ? order by schema_name, table_name, column_index",
        [alias],
    ).fetchall():
        if with_runs or not NAMES_A_RUN.search(column):
            found.setdefault((schema, table), []).append((column, data_type))
    return found


def _rows_differ(
    connection: duckdb.DuckDBPyConnection, name: Name, columns: Sequence[str]
) -> Difference | None:
    # except all, both ways: plain except hides a row that is there twice.
    listed = ", ".join(f'"{column}"' for column in columns)
    table = ".".join(f'"{part}"' for part in name)
    examples, counts = "", []
    for word, one, other in (("missing", "wanted", "found"), ("extra", "found", "wanted")):
        rows = connection.execute(
            f"select {listed} from {one}.{table} except all select {listed} from {other}.{table}"
        ).fetchall()
        counts.append(len(rows))
        for row in sorted(map(str, rows))[:EXAMPLES]:
            examples += f"\n  {word}: {row}"
    if not any(counts):
        return None
    examples = f"\n  columns: {', '.join(columns)}{examples}"
    return Difference(".".join(name), missing=counts[0], extra=counts[1], examples=examples)
