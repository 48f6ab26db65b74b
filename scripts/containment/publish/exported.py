"""A copy of a publication that stays, with what shows a vendor its claims.

published/exports/<name>/ holds publication/, the files as they were published with SHA256SUMS, and
claims.csv and claims.xlsx: each claim with its verdict and the ids and times of the session's
messages. Each of their rows names the publication and the sha256 of its SHA256SUMS, so that who has
the copy can prove which figures it is made of: `sha256sum SHA256SUMS`, `sha256sum -c SHA256SUMS`.
"""

from __future__ import annotations

import csv
import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from containment.common import sql
from containment.common.errors import MAKE_ROOM, Stop, is_no_room, one_line
from containment.common.places import DATABASE, MARTS, PROJECT
from containment.common.shown import quoted
from containment.publish import checksums, publish
from containment.query import analyses

FOLDER, COPY = "exports", "publication"
EVIDENCE = PROJECT / analyses.FOLDER / "claims_with_evidence.sql"
CSV, XLSX = "claims.csv", "claims.xlsx"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
AT_ONCE = 10_000  # rows that are fetched


def folder(published: Path, name: str) -> Path:
    """Where an export of this name is, or would be; Stop if the name is none."""
    if not NAME.fullmatch(name):
        raise Stop(f"no name for an export: {quoted(name)}; use letters, digits, '.', '_' and '-'")
    return published / FOLDER / name


def names(published: Path) -> list[str]:
    """The exports that there are, by name."""
    exports = published / FOLDER
    if not exports.is_dir():
        return []
    return sorted(each.name for each in exports.iterdir() if not each.name.startswith("."))


def export(published: Path, publication: str, name: str) -> tuple[Path, int]:
    """Copy a sound publication into the export `name`; return its folder and the rows of claims.

    The caller holds the lock. If it raises Stop, nothing of the export is left.
    """
    target = folder(published, name)
    if target.exists():
        raise Stop(f"{target}: exists already, and an export never changes; take another name")
    original = publish.versions(published) / publication
    if not checksums.is_kept(original):
        raise Stop(f"{original}: has no {checksums.FILE}; export a newer publication")
    unfinished = None
    try:
        target.parent.mkdir(exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=publish.UNFINISHED, dir=target.parent))
        unfinished.chmod(0o755)
        copy = unfinished / COPY
        shutil.copytree(original, copy)
        if damage := checksums.damage(copy):
            raise Stop(f"{original}: damaged ({'; '.join(damage)}); export another publication")
        rows = _write_claims(copy, publication, unfinished)
        unfinished.rename(target)
    except (OSError, duckdb.Error) as error:
        if is_no_room(str(error)):
            raise Stop(f"{target}: {MAKE_ROOM}") from None
        raise Stop(f"{target}: cannot be written ({one_line(error)}); check it") from None
    finally:
        if unfinished is not None:
            shutil.rmtree(unfinished, ignore_errors=True)
    return target, rows


def digest(copy: Path) -> str:
    """The sha256 of the sums of a publication's files, and so of all of them."""
    return hashlib.sha256((copy / checksums.FILE).read_bytes()).hexdigest()


def _write_claims(copy: Path, publication: str, into: Path) -> int:
    """Write the claims with their evidence as csv and, if a sheet holds them, as xlsx."""
    from containment.query import spreadsheet  # here, for few have a use for its library

    with duckdb.connect(str(copy / DATABASE), read_only=True) as connection:
        if not _has_claims(connection):
            return 0
        connection.execute("set TimeZone = 'UTC'")
        statement = (
            f"select *, {sql.text(publication)} as publication, "
            f"{sql.text(digest(copy))} as publication_sha256 "
            f"from ({analyses.render(EVIDENCE)})"
        )
        cursor = connection.execute(statement)
        columns = [column[0] for column in cursor.description or ()]
        count = _write_csv(into / CSV, columns, _rows(cursor))
        if count < spreadsheet.MOST_ROWS:
            spreadsheet.write(into / XLSX, columns, _rows(connection.execute(statement)))
    return count


def _has_claims(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the publication is of a version that knows claims, and has any."""
    known = connection.execute(
        "select 1 from information_schema.tables "
        "where table_schema = ? and table_name = 'claims_audited'",
        [MARTS],
    ).fetchone()
    return known is not None and sql.count(connection, f"{MARTS}.claims_audited") > 0


def _write_csv(file: Path, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> int:
    count = 0
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[Sequence[Any]]:
    while rows := cursor.fetchmany(AT_ONCE):
        yield from rows
