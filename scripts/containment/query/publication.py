"""Open a publication to be asked: read-only, and without a way to any other file."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from containment.common import duckdb_words, sql
from containment.common.errors import Stop, one_line
from containment.common.places import MARTS
from containment.common.warehouse import Config

DAMAGED = "damaged; scripts/publications --verify names those that are sound"


@contextmanager
def opened(
    database: Path, config: Config | None = None, seconds: float | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the database file of a publication until the end of the block.

    config: further options of DuckDB; seconds: after that long, what still runs is interrupted.
    Raise Stop if there is none, or if it cannot be opened.
    """
    if not database.exists():
        raise Stop(
            f"{database.parent}: nothing is published here; run scripts/nightly, or check --home"
        )
    with tempfile.TemporaryDirectory(prefix="containment-query-") as spill:
        try:
            connection = duckdb.connect(
                os.path.realpath(database),
                read_only=True,
                config={"temp_directory": spill, **(config or {})},
            )
        except duckdb.Error as error:
            if duckdb_words.is_damage(str(error)):
                raise Stop(f"{database}: {DAMAGED}") from None
            raise Stop(f"{database}: cannot be opened ({one_line(error)})") from None
        with connection:
            # DuckDB draws its bar on standard output, into what a program reads.
            connection.execute("set enable_progress_bar = false")
            connection.execute(f"set TimeZone = 'UTC'; set schema = '{MARTS}'")
            connection.execute("set enable_external_access = false; set lock_configuration = true")
            clock = None if seconds is None else threading.Timer(seconds, connection.interrupt)
            if clock is not None:
                clock.daemon = True
                clock.start()
            try:
                yield connection
            finally:
                if clock is not None:
                    clock.cancel()


def name(database: Path) -> str:
    """The name of the publication, or of the export, that this database file is of."""
    folder = Path(os.path.realpath(database)).parent
    return folder.name if folder.name != "publication" else folder.parent.name


def attributes(connection: duckdb.DuckDBPyConnection, narrow: str, wide: str) -> dict[str, str]:
    """The columns that one mart has and another has not, with their descriptions."""
    rows = connection.execute(
        "select wide.column_name, wide.comment from duckdb_columns() as wide "
        "anti join (from duckdb_columns() where table_name = ?) as narrow using (column_name) "
        "where wide.table_name = ? order by wide.column_index",
        [narrow, wide],
    ).fetchall()
    return {column: comment or "" for column, comment in rows}


def said(error: duckdb.Error) -> str:
    """DuckDB's own reason in one line, with its suggestions: all it quotes is published."""
    text = str(error)
    if duckdb_words.is_damage(text):
        return f"the publication is {DAMAGED}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    hints = [line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))]
    if any('"pg_' in hint for hint in hints):  # no table of ours is like it
        hints = ['("show tables" lists the marts)']
    return " ".join([duckdb_words.KIND.sub("", lines[0], count=1), *hints])


def as_of(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The moment at which the publication judges silence: ISO 8601, UTC."""
    (moment,) = sql.one(connection, f"select max(as_of) from {MARTS}.settings")
    return None if moment is None else f"{moment.isoformat()}Z"
