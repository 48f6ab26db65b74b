"""Find the files of a source's raw tables in a folder."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from containment.common.errors import Stop, one_line
from containment.settings.source_yml import CONTRACT, Table

PARQUET, CSV, JSONL, JSON = "parquet", "csv", "jsonl", "json"
SUFFIXES = {
    ".parquet": PARQUET,
    ".csv": CSV,
    ".csv.gz": CSV,
    ".tsv": CSV,
    ".tsv.gz": CSV,
    ".jsonl": JSONL,
    ".jsonl.gz": JSONL,
    ".ndjson": JSONL,
    ".ndjson.gz": JSONL,
    ".json": JSON,
    ".json.gz": JSON,
}
SUFFIX_LIST = ", ".join(SUFFIXES)
WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
# What may follow a table's name in the name of a file, for another table's name may begin like it:
# ticket.csv, ticket_data.csv, ticket-2026-09.csv, ticket_0001.csv; but not ticket_comment.csv.
MORE_OF_A_NAME = r"(_data)?([^a-z_].*|_[^a-z].*)?"
HIVE_KEY = re.compile(r"([^=]+)=(.*)")
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class RawFile:
    """A file of a table. `keys`: what the names of its subfolders (brand=acme) say, lower case."""

    path: Path
    keys: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def format(self) -> str | None:
        """PARQUET, CSV, JSONL or JSON, by the name."""
        return _format(self.path.name)

    @property
    def is_empty(self) -> bool:
        """Whether it has no byte: a part that its writer opened and never wrote."""
        return self.path.stat().st_size == 0


def find(folder: Path, table: Table, warnings: list[str]) -> list[RawFile]:
    """The files of a table, sorted: `<table>*` in the folder, and all below a folder `<table>`.

    A file that several names lead to is one. What is no file at all (a pipe, a link to nothing) is
    left out with a warning. Stop when a table that is required has none.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise Stop(f"{folder}: cannot be read ({one_line(error)})") from None
    named = [entry for entry in entries if _is_named(entry.name, table)]
    # Some writers make a folder of parts with the name of a file: messages.parquet/part-0.parquet.
    folders = [folder / table.name, *(path for path in named if _format(path.name))]
    below = [path for each in folders if each.is_dir() for path in _walk(each, folder)]
    # Or folders of tables by keys: brand=acme/messages.csv.
    keyed = [each for each in entries if HIVE_KEY.fullmatch(each.name) and each.is_dir()]
    below += [path for each in keyed for path in _walk(each, folder) if _is_named(path.name, table)]
    candidates = [*(path for path in named if not path.is_dir()), *below]
    found: dict[tuple[int, int], RawFile] = {}
    unread = [path for path in named if path.is_dir() and path not in folders]
    for path in sorted(candidates):
        if _format(path.name) is None:
            unread.append(path)
            continue
        identity, why = _identity(path)
        if identity is None:
            warnings.append(f"{path}: {why}; left out")
        else:
            found.setdefault(identity, RawFile(path, _keys(path.relative_to(folder))))
    if not found and table.required:
        raise Stop(_missing(folder, table, candidates, warnings))
    warnings += [_left_out(path, table) for path in unread]
    return list(found.values())


def _left_out(path: Path, table: Table) -> str:
    """What to say of a file, or a folder, that is named like a table and not read."""
    if path.is_dir():
        return f"{path}: a folder, not read; put its files into {table.name}/"
    return f"{path}: of none of the kinds {SUFFIX_LIST}; not read"


def _identity(path: Path) -> tuple[tuple[int, int] | None, str]:
    """The device and number of a file, which all its names share; or why it is none."""
    try:
        status = path.stat()
    except OSError as error:
        return None, f"a link to nothing ({one_line(error)})" if path.is_symlink() else str(error)
    if not stat.S_ISREG(status.st_mode):
        return None, "no file but a pipe, a socket or a device"
    return (status.st_dev, status.st_ino), ""


def _missing(
    folder: Path, table: Table, candidates: Sequence[Path], warnings: Sequence[str]
) -> str:
    """What to say where a table that is needed has no file."""
    said = f"{folder}: no {table.name}* file; put one there ({SUFFIX_LIST})"
    others = sorted(path.name for path in candidates if _format(path.name) is None)
    workbook = next((name for name in others if name.lower().endswith(WORKBOOKS)), None)
    if workbook:
        return f"{folder}: {workbook} is a workbook; save each sheet as CSV (UTF-8)"
    if others:
        return f"{said}; {others[0]} is of none of these kinds"
    if warnings:
        return f"{said}; {warnings[-1]}"
    entries = [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]
    folders = [entry.name for entry in entries if entry.is_dir()]
    if folders and len(folders) == len(entries):
        return (
            f"{folder}: only subfolders ({', '.join(folders[:3])}{' …' if folders[3:] else ''}); "
            f"name one of them, or put the files of a table into {table.name}/"
        )
    workbook = next((entry.name for entry in entries if entry.suffix.lower() in WORKBOOKS), None)
    if workbook:
        return f"{said}; {workbook} is a workbook: save each sheet as CSV (UTF-8)"
    return said


def _walk(folder: Path, top: Path) -> Iterator[Path]:
    """Every file below a folder, also behind links; a folder that links lead back to is one.

    `top`, which holds the tables of a source, is no part of one of them.
    """

    def fail(error: OSError) -> None:
        raise Stop(f"{error.filename}: cannot be read ({one_line(error)})") from None

    above = top.stat()
    seen = {(above.st_dev, above.st_ino)}
    for parent, subfolders, names in os.walk(folder, onerror=fail, followlinks=True):
        status = os.stat(parent)
        if (status.st_dev, status.st_ino) in seen:
            subfolders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        # Names that begin with . or _ are what writers leave beside their data.
        subfolders[:] = sorted(name for name in subfolders if name[0] not in "._")
        yield from (Path(parent, name) for name in sorted(names) if name[0] not in "._")


def _keys(relative: Path) -> dict[str, str | None]:
    """What subfolders named key=value say of all files below them."""
    keys: dict[str, str | None] = {}
    for part in relative.parts[:-1]:
        match = HIVE_KEY.fullmatch(part)
        if match:
            value = unquote(match[2])
            keys[match[1].lower()] = None if value == HIVE_NULL else value
    return keys


def _is_named(file: str, table: Table) -> bool:
    if table.source == CONTRACT:
        return file.lower().startswith(table.name)
    endings = "|".join(re.escape(suffix) for suffix in (*SUFFIXES, *WORKBOOKS))
    name = re.escape(table.name) + MORE_OF_A_NAME
    return re.fullmatch(f"{name}({endings})", file.lower()) is not None


def _format(name: str) -> str | None:
    lower = name.lower()
    return next((kind for suffix, kind in SUFFIXES.items() if lower.endswith(suffix)), None)
