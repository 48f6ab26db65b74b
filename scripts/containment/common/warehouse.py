"""Open the warehouse file that the nightly builds in."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from containment.common import duckdb_words, sql
from containment.common.console import warn
from containment.common.duckdb_words import DAMAGED_DATABASE, ENDS_EARLY
from containment.common.errors import LOCKED, Stop, is_no_room, one_line
from containment.common.shown import quoted

MEMORY_LIMIT_VARIABLE = "CONTAINMENT_MEMORY_LIMIT"  # macros/limit_memory.sql reads it too
MEMORY = re.compile(r"\d+(\.\d+)? ?[KMGT]i?B", re.IGNORECASE)
Config = dict[str, str | bool | int | float | list[str]]  # what duckdb.connect takes
# Any DuckDB from 1.0 on opens a file of this version: BI tools' drivers are older than ours.
OLDEST_STORAGE = "v1.0.0"
BUILT = ("staging", "intermediate", "marts")  # the schemas whose every relation is a model's


def memory_limit() -> Config:
    """DuckDB's option for the memory that it may use before it spills, where one is set."""
    limit = os.environ.get(MEMORY_LIMIT_VARIABLE)
    if not limit:
        return {}
    if not MEMORY.fullmatch(limit):
        raise Stop(f"{MEMORY_LIMIT_VARIABLE} is {quoted(limit)}; write a size, e.g. 8GB")
    return {"memory_limit": limit}


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse file (made if missing) until the end of the block.

    A damaged file is deleted: everything in it can be built again from the raw tables.
    """
    try:
        connection = _connect(path)
    except duckdb.Error as error:
        if not path.is_file():
            raise Stop(f"{path}: cannot be made ({one_line(error)})") from None
        _delete_damaged(path, one_line(error))
        connection = _connect(path)
    try:
        yield connection
    finally:
        connection.close()


def delete_if_damaged(path: Path, messages: Iterable[str]) -> bool:
    """Delete the warehouse if these messages and a look at it say it is damaged."""
    # A raw file can be too short as well, so that must be said of this one.
    short = re.compile(f"{ENDS_EARLY}.*{re.escape(path.name)}")
    damaged = (said for said in messages if DAMAGED_DATABASE in said or short.search(said))
    reason = next(damaged, None)
    # DuckDB does not say which file: it may be one that the raw tables or a model read.
    if reason is None or not _is_damaged(path):
        return False
    _delete_damaged(path, reason)
    return True


def _is_damaged(path: Path) -> bool:
    """Whether a DuckDB file cannot be read to its end; no, where it cannot be had at all."""
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() "
                "where database_name = current_database()"
            ).fetchall()
            read_all(
                connection, [f"{sql.name(schema)}.{sql.name(name)}" for schema, name in tables]
            )
    except duckdb.Error as error:
        return duckdb_words.is_damage(str(error))
    return False


def read_all(connection: duckdb.DuckDBPyConnection, relations: Iterable[str]) -> None:
    """Read every value of some tables, for a damaged block shows only then (duckdb.Error)."""
    for relation in relations:
        connection.execute(f"select bit_xor(hash(columns(*))) from {relation}").fetchall()


def drop_forgotten(
    connection: duckdb.DuckDBPyConnection, models: Collection[tuple[str, str]]
) -> list[str]:
    """Drop the relations that are no longer models (schema, name); return their names."""
    dropped = []
    found = connection.execute(
        "select schema_name, table_name, 'table' from duckdb_tables() "
        "union all select schema_name, view_name, 'view' from duckdb_views() order by all"
    ).fetchall()
    for schema, relation, kind in found:
        if schema in BUILT and (schema, relation) not in models:
            connection.execute(f"drop {kind} {sql.name(schema)}.{sql.name(relation)}")
            dropped.append(f"{schema}.{relation}")
    return dropped


def tidy_up(path: Path) -> None:
    """Vacuum: give back the room of rows deleted from the tables that persist.

    DuckDB does it at a checkpoint, and it takes longer than most models. Everywhere else it is
    switched off (max_vacuum_tasks).
    """
    with opened(path) as connection:
        connection.execute("reset max_vacuum_tasks")
        # A checkpoint does nothing where nothing has been written since the last one.
        connection.execute("begin; create schema tidied; drop schema tidied; commit")
        connection.execute("checkpoint")


def delete(path: Path) -> None:
    """Delete a DuckDB file, where it is, and the log of a process that did not close it."""
    for suffix in ("", ".wal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _delete_damaged(path: Path, reason: str) -> None:
    warn(f"{path}: damaged ({reason}); deleted, it is built anew from the raw tables")
    delete(path)


def is_open_elsewhere(error: duckdb.Error) -> bool:
    """Whether DuckDB says that another process has the file open."""
    return "Could not set lock" in str(error)


def opened_elsewhere(path: Path, error: duckdb.Error) -> Stop:
    """What to raise then: it names the process."""
    holder = re.search(r"PID (\d+)", str(error))
    who = f"process {holder[1]}" if holder else "another process"
    return Stop(f"{path}: {who} has it open; close that and start again", LOCKED)


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the file; Stop when it is sound and yet cannot be had."""
    config: Config = {
        **memory_limit(),
        # Only this project's own DuckDB reads the file, so it may use the newest compression.
        "storage_compatibility_version": "latest",
        "max_vacuum_tasks": "0",  # `tidy_up` has the default; profiles.yml says it to dbt
    }
    try:
        connection = duckdb.connect(str(path), config=config)
        connection.execute("set TimeZone = 'UTC'")
        return connection
    except duckdb.Error as error:
        message = str(error)
        if is_open_elsewhere(error):
            raise opened_elsewhere(path, error) from None
        if is_no_room(message):
            raise Stop(f"{path}: no room left on the disk; make room and start again") from None
        if "version number" in message:
            raise Stop(
                f"{path}: of another DuckDB ({one_line(error)}); delete it to build anew"
            ) from None
        if "Permission denied" in message or "Read-only file system" in message:
            raise Stop(
                f"{path}: cannot be written ({one_line(error)}); choose another --home"
            ) from None
        raise
