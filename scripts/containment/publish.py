"""Copy the marts out of the warehouse and put them in place at once.

published/versions/<UTC time>/ holds one publication: containment.duckdb, parquet/<mart>.parquet,
report.html, docs.html, and SHA256SUMS of these files. published/current points to the one that
counts, and published/containment.duckdb and the others point through it. Readers have the old one
or the new one, never a mixture.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from containment import checksums, docs, run, sql, warehouse
from containment.errors import MAKE_ROOM, Stop, is_no_room, one_line
from containment.places import Home

SCHEMA = "marts"
DATABASE, PARQUET = "containment.duckdb", "parquet"
REPORT, DOCS = "report.html", "docs.html"
LINKS = (DATABASE, PARQUET, REPORT, DOCS)
COPY = "publication"  # the name under which the new file is attached
UNFINISHED = ".new-"  # what a killed run leaves begins with this
# Older clients must be able to open the file, BI tools' drivers above all.
STORAGE_VERSION = "v1.0.0"
# Of zstd. Higher ones take a quarter more time and make no smaller files of such tables.
PARQUET_LEVEL = 1


def new_name(published: Path) -> str:
    """The name of a publication that is made now; it sorts after those that are there."""
    return run.name_after(max(names(published), default=None))


def versions(published: Path) -> Path:
    """The folder of all publications."""
    return published / "versions"


def names(published: Path) -> list[str]:
    """The publications that are kept, the oldest first."""
    folder = versions(published)
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if not each.name.startswith(UNFINISHED))


def current(published: Path) -> str | None:
    """The publication that readers see."""
    link = published / "current"
    return Path(os.readlink(link)).name if link.is_symlink() else None


def damage(published: Path, name: str, only: Sequence[str] = ()) -> list[str]:
    """What is wrong with a publication, a few words each; nothing where it is sound.

    `only`: of its files look at these alone. One of an older version has no checksums: that it can
    be opened must do.
    """
    folder = versions(published) / name
    if checksums.is_kept(folder):
        return checksums.damage(folder, only)
    if any(checksums.is_kept(folder.with_name(each)) for each in names(published) if each < name):
        return [f"{checksums.FILE} is missing"]
    try:
        duckdb.connect(str(folder / DATABASE), read_only=True).close()
    except duckdb.Error as error:
        return [f"{DATABASE}: {one_line(error)}"]
    return []


def switch(published: Path, name: str) -> None:
    """Let readers see another publication, in one step."""
    # The one that counts comes last: what fails before it, for want of room say, changes nothing.
    for each in LINKS:
        _point(published / each, Path("current", each))
    _point(published / "current", Path("versions", name))
    _sync_folder(published)


def publish(home: Home, name: str, kept: int) -> Path:
    """Publish the marts of a home under a name, keep so many publications; give its folder.

    Stop when that fails; the last publication then stays as it is. Only for one process at a
    time: the caller holds the lock.
    """
    from containment.report import page  # here, for only a night has a use for its libraries

    unfinished = None
    publication = versions(home.published) / name
    try:
        publication.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(home.published)
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=publication.parent))
        unfinished.chmod(0o755)  # BI tools may run as somebody else
        _copy(home.warehouse, unfinished)
        (unfinished / REPORT).write_text(page.made(unfinished / DATABASE, name), encoding="utf-8")
        docs.write(unfinished / DOCS)
        checksums.write(unfinished)
        _sync(unfinished)
        unfinished.rename(publication)
        switch(home.published, name)
    except (OSError, duckdb.Error) as error:
        if is_no_room(str(error)):
            raise Stop(f"{home.published}: {MAKE_ROOM}") from None
        where = getattr(error, "filename", None) or home.published
        raise Stop(
            f"{where}: cannot publish ({one_line(error)}); free it and start again, "
            "the last publication stays"
        ) from None
    finally:
        if unfinished is not None:
            shutil.rmtree(unfinished, ignore_errors=True)
    _remove_old(home.published, kept)
    return publication


def _copy(source: Path, folder: Path) -> None:
    """Write the marts to containment.duckdb and parquet/ in `folder`, and count them again."""
    target = folder / DATABASE
    parquet = folder / PARQUET
    parquet.mkdir()
    with warehouse.opened(source) as connection:
        marts = [
            row[0]
            for row in connection.execute(
                "select table_name from information_schema.tables "
                "where table_catalog = current_database() and table_schema = ? order by table_name",
                [SCHEMA],
            ).fetchall()
        ]
        if not marts:
            raise Stop(f"{source}: no table in schema {SCHEMA}; nothing to publish")
        connection.execute("set preserve_insertion_order = true")
        connection.execute(
            f"attach {sql.text(str(target))} as {COPY} (storage_version '{STORAGE_VERSION}')"
        )
        connection.execute(f"create schema {COPY}.{SCHEMA}")
        for mart in marts:
            copied = f"{COPY}.{SCHEMA}.{sql.name(mart)}"
            file = parquet / f"{mart}.parquet"
            connection.execute(f"create table {copied} as select * from {SCHEMA}.{sql.name(mart)}")
            _copy_comments(connection, mart)
            connection.execute(
                f"copy {copied} to {sql.text(str(file))} "
                f"(format parquet, compression zstd, compression_level {PARQUET_LEVEL})"
            )
        # By itself, for of one that fails when the file is detached DuckDB does not say why.
        connection.execute(f"checkpoint {COPY}")
        connection.execute(f"detach {COPY}")
        expected = {mart: _count(connection, f"{SCHEMA}.{sql.name(mart)}") for mart in marts}
    _check(target, parquet, expected)


def _copy_comments(connection: duckdb.DuckDBPyConnection, mart: str) -> None:
    copied = f"{COPY}.{SCHEMA}.{sql.name(mart)}"
    here = "database_name = current_database() and schema_name = ? and comment is not null"
    for function, column in (("duckdb_tables", "table_name"), ("duckdb_views", "view_name")):
        for (comment,) in connection.execute(
            f"select comment from {function}() where {here} and {column} = ?", [SCHEMA, mart]
        ).fetchall():
            connection.execute(f"comment on table {copied} is {sql.text(comment)}")
    for column, comment in connection.execute(
        f"select column_name, comment from duckdb_columns() where {here} and table_name = ?",
        [SCHEMA, mart],
    ).fetchall():
        connection.execute(f"comment on column {copied}.{sql.name(column)} is {sql.text(comment)}")


def _check(target: Path, parquet: Path, expected: Mapping[str, int]) -> None:
    """Open what was written as a reader would; Stop when a row is missing."""
    if target.with_name(target.name + ".wal").exists():
        raise Stop(f"{target}: not written to the end; start again, the last publication stays")
    with duckdb.connect(str(target), read_only=True) as connection:
        for mart, rows in expected.items():
            found = _count(connection, f"{SCHEMA}.{sql.name(mart)}")
            exported = _count(connection, f"read_parquet({sql.path(parquet / f'{mart}.parquet')})")
            if not rows == found == exported:
                raise Stop(
                    f"{target.parent}: {mart} has {rows} rows in the warehouse, {found} in the "
                    f"copy, {exported} in parquet; start again, the last publication stays"
                )


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f"select count(*) from {relation}").fetchone()
    assert row is not None
    return int(row[0])


def _point(link: Path, target: Path) -> None:
    """Make `link` a symbolic link to `target` (relative to it) in one step; else leave it."""
    if link.is_symlink() and os.readlink(link) == str(target):
        return
    temporary = link.with_name(f"{UNFINISHED}{link.name}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link)


def _sync(folder: Path) -> None:
    """Wait till all below the folder is on the disk: the content must not come after the switch."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(parent, name), "rb") as file:
                os.fsync(file.fileno())
        _sync_folder(Path(parent))
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_leftovers(published: Path) -> None:
    for link in published.glob(f"{UNFINISHED}*"):
        link.unlink()
    for folder in versions(published).glob(f"{UNFINISHED}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _remove_old(published: Path, kept: int) -> None:
    """Keep the current publication and the newest others; a reader may hold an old one open."""
    others = [name for name in names(published) if name != current(published)]
    staying, going = others[-(kept - 1) :], others[: -(kept - 1)]
    if going and all(damage(published, name) for name in reversed(staying)):
        sound = next((name for name in reversed(going) if not damage(published, name)), None)
        going = [name for name in going if name != sound]  # the only way back
    for name in going:
        shutil.rmtree(versions(published) / name, ignore_errors=True)
