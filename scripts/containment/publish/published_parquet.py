"""The marts as parquet files: the great ones as a folder with a file a month, the others as a file.

What did not change since the publication before is no new file: it is linked to that one's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import duckdb

from containment.common import sql
from containment.publish import checksums, published_marts
from containment.publish.published_marts import Written, copied

# Of zstd. Higher ones take a quarter more time and make no smaller files of such tables.
LEVEL = 1
# The marts that grow with each conversation, and the time by whose month they are parted.
MONTH_OF = {
    "messages": "sent_at",
    "segments": "started_date",
    "sessions": "started_date",
    "conversations": "first_activity_at",
}


def parted(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The marts of the warehouse that are parted by month, and the time that gives it."""
    return {
        mart: MONTH_OF[mart]
        for mart, columns in published_marts.columns(connection).items()
        if MONTH_OF.get(mart) in [column for column, _ in columns]
    }


def month(moment: str) -> str:
    """The expression for the month of a time, as the files are named."""
    return f"coalesce(strftime({moment}, '%Y-%m'), 'none')"


def write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    base: Path | None,
    written: Written,
    moments: Mapping[str, str],
) -> None:
    """Write the marts of the attached copy below a new folder.

    base: the publication that was patched; its unchanged files are linked. Raises duckdb.Error or
    OSError.
    """
    folder.mkdir()
    files: dict[str, str] = {}
    unchanged: list[str] = []
    for mart in written.rows:
        if mart in moments:
            (folder / mart).mkdir()
        for name, part, rows in _parts(connection, mart, moments.get(mart)):
            changed = written.changed.get(mart, set())
            if changed is not None and part not in changed:
                unchanged.append(name)
            files[name] = rows
    for name in _linked(base / folder.name, folder, unchanged) if base is not None else ():
        del files[name]
    copies = [
        f"copy {rows} to {sql.text(str(folder / name))} "
        f"(format parquet, compression zstd, compression_level {LEVEL})"
        for name, rows in files.items()
    ]
    # One file is too little work for all cores, so there are as many at a time.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda copy: connection.cursor().execute(copy), copies):
            pass


def files_of(folder: Path, mart: str) -> list[Path]:
    """The files of a mart."""
    if (folder / mart).is_dir():
        return sorted((folder / mart).iterdir())
    return [folder / f"{mart}.parquet"]


def _parts(
    connection: duckdb.DuckDBPyConnection, mart: str, moment: str | None
) -> Iterator[tuple[str, str | None, str]]:
    """The name of each file of a mart, its month, and the rows in it."""
    if moment is None:
        yield f"{mart}.parquet", None, copied(mart)
        return
    months = connection.execute(
        f"select first_day, {month('first_day')} from ("
        f"select distinct date_trunc('month', {moment})::date as first_day from {copied(mart)}"
        ") order by all"
    ).fetchall()
    # There is a file to open even where there is no row.
    for first_day, name in months or [(None, "none")]:
        start = f"date '{first_day}'"
        within = (
            f"{moment} is null"
            if first_day is None
            else f"{moment} >= {start} and {moment} < {start} + interval 1 month"
        )
        yield f"{mart}/{name}.parquet", name, f"(select * from {copied(mart)} where {within})"


def _linked(base: Path, folder: Path, names: Iterable[str]) -> list[str]:
    """Link the files that are in the base, and sound there; give their names."""
    publication = base.parent
    sound = checksums.sound(publication, [f"{base.name}/{name}" for name in names])
    linked = []
    for path in sound:
        name = path.removeprefix(f"{base.name}/")
        with suppress(OSError):  # a disk that knows no such links
            os.link(publication / path, folder / name)
            linked.append(name)
    return linked
