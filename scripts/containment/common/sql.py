"""Names, texts and file paths, quoted for DuckDB; the one row of a query."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb


def text(value: str) -> str:
    """A text literal."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """An identifier."""
    return '"' + value.replace('"', '""') + '"'


def path(value: Path) -> str:
    """A literal of one file's path, for functions that would read * ? [ in it as a pattern."""
    return text("".join(f"[{char}]" if char in "*?[" else char for char in str(value)))


def paths(values: Iterable[Path]) -> str:
    """A list literal of file paths."""
    return "[" + ", ".join(path(value) for value in values) + "]"


def one(connection: duckdb.DuckDBPyConnection, query: str, *values: object) -> tuple[Any, ...]:
    """The row of a query that gives one."""
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return row


def count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """The number of rows of a relation."""
    return int(one(connection, f"select count(*) from {relation}")[0])
