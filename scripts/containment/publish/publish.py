"""Copy the marts out of the warehouse and put them in place at once.

published/versions/<UTC time>/ holds one publication: containment.duckdb, parquet/<mart>.parquet (of
the great marts a folder parquet/<mart>/ with a file a month), report.html, docs.html, and
SHA256SUMS of these files. published/current points to the one that counts, and
published/containment.duckdb and the others point through it. Readers have the old one or the new
one, never a mixture.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from containment.common import sql, warehouse
from containment.common.clock import name_after
from containment.common.errors import MAKE_ROOM, Stop, is_no_room, one_line
from containment.common.places import DATABASE, MARTS, Home
from containment.publish import checksums, docs, published_marts, published_parquet
from containment.report.tiles import View

PARQUET, REPORT, DOCS = "parquet", "report.html", "docs.html"
LINKS = (DATABASE, PARQUET, REPORT, DOCS)
UNFINISHED = ".new-"  # what a killed run leaves begins with this


def new_name(published: Path) -> str:
    """The name of a publication that is made now; it sorts after those that are there."""
    return name_after(max(names(published), default=None))


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
    """Return what is wrong with a publication, a few words each; nothing if it is sound.

    `only`: these files. An older version has no checksums: that it can be opened must do.
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
    there = [each for each in LINKS if (versions(published) / name / each).exists()]
    for each in there:
        _point(published / each, Path("current", each))
    _point(published / "current", Path("versions", name))
    for each in set(LINKS) - set(there):  # publish_parquet: false
        (published / each).unlink(missing_ok=True)
    _sync_folder(published)


def publish(
    home: Home,
    name: str,
    kept: int,
    *,
    with_parquet: bool = True,
    view: View | None = None,
    tell: Callable[[str], None] = lambda how: None,
) -> Path:
    """Publish the marts under a name, keep that many publications, and return the new one's folder.

    `view` is what the report shows first; `tell` gets a few words on how. If it raises Stop, the
    last publication stays. The caller holds the lock.
    """
    from containment.report import page  # here, for only a night has a use for its libraries

    unfinished = None
    publication = versions(home.published) / name
    for link in ("current", *LINKS):
        place = home.published / link
        if place.is_dir() and not place.is_symlink():  # a copy that did not keep links
            raise Stop(f"{place}: a folder, where a link belongs; move it away and start again")
    try:
        publication.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(home.published)
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=publication.parent))
        unfinished.chmod(0o755)  # BI tools may run as somebody else
        tell(_copy(home, unfinished, with_parquet=with_parquet))
        report = page.made(unfinished / DATABASE, name, view)
        (unfinished / REPORT).write_text(report, encoding="utf-8")
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
            f"{where}: cannot publish ({one_line(error)}); check it and start again, "
            "the last publication stays"
        ) from None
    finally:
        if unfinished is not None:
            shutil.rmtree(unfinished, ignore_errors=True)
    _remove_old(home.published, kept)
    return publication


def _copy(home: Home, folder: Path, *, with_parquet: bool) -> str:
    """Write the marts to containment.duckdb and parquet/ in `folder`, and count them again; give
    a few words on how."""
    target, parquet = folder / DATABASE, folder / PARQUET
    base = _base(home.published)
    with warehouse.opened(home.warehouse) as connection:
        moments = published_parquet.parted(connection)
        months = {mart: published_parquet.month(moment) for mart, moment in moments.items()}
        try:
            written = published_marts.write(connection, target, base and base / DATABASE, months)
        except published_marts.NoMarts:
            raise Stop(
                f"{home.warehouse}: no table in schema {MARTS}; nothing to publish"
            ) from None
        if with_parquet:
            published_parquet.write(connection, parquet, base, written, moments)
        published_marts.close(connection)
    _check(target, parquet if with_parquet else None, written.rows)
    return written.how


def _base(published: Path) -> Path | None:
    """The publication that readers see, when it is sound: the new one is made of it."""
    name = current(published)
    if name is None:
        return None
    folder = versions(published) / name
    is_sound = checksums.is_kept(folder) and not checksums.damage(folder, [DATABASE])
    return folder if is_sound else None


def _check(target: Path, parquet: Path | None, expected: Mapping[str, int]) -> None:
    """Open what was written as a reader would; Stop when a row is missing."""
    if target.with_name(target.name + ".wal").exists():
        raise Stop(f"{target}: not written to the end; start again, the last publication stays")
    with duckdb.connect(str(target), read_only=True) as connection:
        for mart, rows in expected.items():
            found = {"the copy": sql.count(connection, f"{MARTS}.{sql.name(mart)}")}
            if parquet is not None:
                files = sql.paths(published_parquet.files_of(parquet, mart))
                found["parquet"] = sql.count(connection, f"read_parquet({files})")
            if any(each != rows for each in found.values()):
                said = ", ".join(f"{each} in {where}" for where, each in found.items())
                raise Stop(
                    f"{target.parent}: {mart} has {rows} rows in the warehouse, {said}; "
                    "start again, the last publication stays"
                )


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
