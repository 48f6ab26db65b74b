"""The tables that only one build needs: in memory, or in a file where memory cannot hold them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb

from containment.common import sql, warehouse
from containment.common.errors import Stop, one_line
from containment.common.places import Home
from containment.raw.views import RawData
from containment.settings.source_yml import SCHEMA

VARIABLE = "CONTAINMENT_SCRATCH"  # profiles.yml attaches what it names
# When all conversations are cut, such tables take at most so much memory for each raw row; with
# ids of 19 characters 210 bytes were measured. Spilled from memory they take as much of the disk;
# in a file, which is compressed, a sixth.
BYTES_PER_ROW = 350
SHARE_OF_MEMORY = 0.5  # the rest is for the work itself
UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def fits(connection: duckdb.DuckDBPyConnection, sources: Iterable[RawData]) -> bool:
    """Whether memory holds the tables of a build that cuts every row of these sources.

    Their views are in the warehouse. Stop when they cannot be read.
    """
    views = [view for source in sources for view in source.selects]
    counts = [f"(select count(*) from {SCHEMA}.{sql.name(view)})" for view in views]
    try:
        rows, limit = connection.execute(
            f"select {' + '.join(counts) or '0'}, current_setting('memory_limit')"
        ).fetchall()[0]
    except duckdb.Error as error:
        raise Stop(f"raw tables: cannot be counted ({one_line(error)})") from None
    size, unit = limit.split()
    return bool(rows * BYTES_PER_ROW <= SHARE_OF_MEMORY * float(size) * UNITS[unit])


@contextmanager
def placed(home: Home, *, in_memory: bool) -> Iterator[dict[str, str]]:
    """Give what dbt needs in its environment, so that it finds the place.

    A file is there for one build: it is deleted before, for an earlier build may have been killed,
    and after. One that the user has named is left alone.
    """
    warehouse.delete(home.scratch)
    try:
        yield {} if in_memory or VARIABLE in os.environ else {VARIABLE: str(home.scratch)}
    finally:
        warehouse.delete(home.scratch)
