"""Connect to DuckDB as the build does (profiles.yml, macros/limit_memory.sql)."""

from __future__ import annotations

from pathlib import Path

import duckdb

from containment.common import warehouse


def connect(database: Path | None = None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database file, or one in memory."""
    connection = duckdb.connect(
        ":memory:" if database is None else str(database),
        read_only=read_only,
        config=warehouse.memory_limit(),
    )
    connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false")
    # It would be written between the results.
    connection.execute("set enable_progress_bar = false")
    return connection
