"""Read every raw file once, before the build does: what it holds, and whether each line is a row.

A file that DuckDB reads as it is stays where it is. One that it does not is read by Python
(text_files), and its sound rows are copied: only the columns of the view, so no message text. What
is known of a file is kept beside the copies until its size, its time or the way it is read changes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from containment.common import sql
from containment.common.errors import Stop, is_no_room, one_line
from containment.raw import text_files, timestamps, views
from containment.raw.find import CSV, JSON, JSONL, PARQUET
from containment.raw.text_files import Fault
from containment.raw.views import Part
from containment.settings.raw_reading import Reading
from containment.settings.source_yml import TEXT, TIME, Column, Table

NOTES = "checked.json"
FILE = "containment_file"
BATCH = 10_000
EXAMPLES = 50
# A file with so many lines in another encoding, and no letter beyond ASCII in UTF-8, has that one.
WRONG_LINES = 10

Reader = Callable[[Sequence[Path], str], Part]
Way = tuple[Any, ...]  # how files are read
Note = dict[str, Any]  # what is known of a file
Stamp = list[Any]  # the version of the way to read it, then size, time and number of the file


@dataclass(frozen=True)
class TimeFacts:
    """The values of a time column: how many, how many of them nothing reads, or say their zone.

    `looks_like` says what those look like that nothing reads, `file` where; `is_numbers`: there
    every value is a number.
    """

    filled: int = 0
    unreadable: int = 0
    zoned: int = 0
    is_text: bool = False
    file: str = ""
    looks_like: str | None = None
    is_numbers: bool = False
    early: int = 0  # of those that are text: before the year 2000

    def __add__(self, other: TimeFacts) -> TimeFacts:
        worse = max(self, other, key=lambda each: (each.is_numbers, each.unreadable))
        return TimeFacts(
            self.filled + other.filled,
            self.unreadable + other.unreadable,
            self.zoned + other.zoned,
            self.is_text or other.is_text,
            worse.file,
            worse.looks_like,
            worse.is_numbers,
            self.early + other.early,
        )

    @property
    def naive(self) -> int:
        """How many are times without an offset or a zone."""
        return self.filled - self.unreadable - self.zoned


@dataclass(frozen=True)
class Facts:
    """What is known of files of one table; how many they are is known of all of them only."""

    files: int = 0
    rows: int = 0
    times: Mapping[str, TimeFacts] = field(default_factory=dict)
    faults: tuple[tuple[str, Fault], ...] = ()  # (file, fault)
    has_all_needed: bool = True

    def __add__(self, other: Facts) -> Facts:
        times = {
            name: self.times.get(name, TimeFacts()) + other.times.get(name, TimeFacts())
            for name in {**self.times, **other.times}
        }
        return Facts(
            self.files + other.files, self.rows + other.rows, times, self.faults + other.faults
        )


class Checks:
    """The checks of a source's files, and what earlier ones have left in a folder."""

    def __init__(
        self, folder: Path, reading: Reading, connection: duckdb.DuckDBPyConnection
    ) -> None:
        self._folder = folder
        self._reading = reading
        self._connection = connection
        if folder.exists() and not folder.is_dir():
            folder.unlink()
        self._known = _read_notes(folder / NOTES)
        self._seen: dict[str, Note] = {}

    def check(
        self,
        table: Table,
        kind: str,
        way: Way,
        keys: Mapping[str, str | None],
        paths: Sequence[Path],
        read: Reader,
    ) -> tuple[list[Path], Part | None, Facts]:
        """Take files that are read the same way; give those to read as they are, the copies of the
        others, and what is known of all.
        """
        version = self._version(table, kind, way, keys)
        stamps = {path: _stamp(path, version) for path in paths}
        unknown = [path for path in paths if not self._knows(table, path, stamps[path])]
        facts = self._look(table, unknown, read) if way[-1] is not False else {}
        if kind in (JSONL, JSON):
            # A key that is missing may stand there in another case, which only Python reads.
            facts = {path: each for path, each in facts.items() if each.has_all_needed}
        for path in unknown:
            found, copy = facts.get(path), None
            if found is None:
                found, copy = self._one(table, kind, way, keys, path, stamps[path], read)
            self._seen[_key(table, path)] = {
                "stamp": stamps[path],
                "facts": asdict(found),
                "copy": copy,
            }
        notes = {path: self._seen[_key(table, path)] for path in paths}
        copies = [self._folder / note["copy"] for note in notes.values() if note["copy"]]
        return (
            [path for path, note in notes.items() if not note["copy"]],
            self._part(copies) if copies else None,
            sum((_facts(note["facts"]) for note in notes.values()), Facts()),
        )

    def keep(self) -> None:
        """Write down what is known now; remove the copies of files that have changed or gone."""
        copies = {note["copy"] for note in self._seen.values() if note["copy"]}
        if not self._seen and not self._folder.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        new = self._folder / f".{NOTES}"
        new.write_text(json.dumps(self._seen), encoding="utf-8")
        os.replace(new, self._folder / NOTES)
        for path in self._folder.iterdir():
            if path.name not in {NOTES, *copies}:
                path.unlink(missing_ok=True)

    def _version(self, table: Table, kind: str, way: Way, keys: Mapping[str, str | None]) -> str:
        said = (duckdb.__version__, table, self._reading, kind, way, dict(keys), _code())
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]

    def _knows(self, table: Table, path: Path, stamp: Stamp) -> bool:
        """Whether an earlier night has checked this very file; its copy is looked at."""
        try:
            note = self._known[_key(table, path)]
            if note["stamp"] != stamp:
                return False
            facts = _facts(note["facts"])
            if note["copy"]:
                part = self._part([self._folder / note["copy"]])
                rows = self._connection.execute(f"select count(*) from {part.relation}").fetchone()
                if list(part.types) != [n.lower() for n in table.columns] or rows != (facts.rows,):
                    return False
        except (LookupError, TypeError, AttributeError, duckdb.Error):
            return False  # damaged: all is made anew
        self._seen[_key(table, path)] = note
        return True

    def _one(
        self,
        table: Table,
        kind: str,
        way: Way,
        keys: Mapping[str, str | None],
        path: Path,
        stamp: Stamp,
        read: Reader,
    ) -> tuple[Facts, str | None]:
        """Check one file; copy it where DuckDB does not read it."""
        if way[-1] is not False:
            facts = self._look(table, [path], read)
            if facts and (kind not in (JSONL, JSON) or facts[path].has_all_needed):
                return facts[path], None
        if kind == PARQUET:
            raise Stop(f"{path}: not a readable parquet file; export it again")
        with text_files.faults_said(path):
            copy, faults, rows = self._copied(table, kind, way, keys, path, stamp)
        facts = self._look(table, [copy], lambda paths, more: self._part(paths, more))
        times = {
            name: replace(each, file=str(path))
            for name, each in facts.get(copy, Facts()).times.items()
        }
        return (
            Facts(0, rows, times, tuple((str(path), fault) for fault in faults)),
            copy.name,
        )

    def _look(self, table: Table, paths: Sequence[Path], read: Reader) -> dict[Path, Facts]:
        """What files hold; none where DuckDB does not read one of them."""
        if not paths:
            return {}
        part = read(paths, f", filename = '{FILE}'")
        try:
            facts = look(table, part, self._reading, self._connection, every_column=True)
        except UnicodeError:  # of a message that quotes wrong bytes
            return {}
        except duckdb.Error as error:
            if is_no_room(str(error)):
                raise
            return {}
        return {path: facts.get(str(path), Facts()) for path in paths}

    def _part(self, copies: Sequence[Path], more: str = "") -> Part:
        relation = f"read_parquet({sql.paths(copies)}, hive_partitioning = false{more})"
        rows = self._connection.execute(f"describe select * from {relation}").fetchall()
        types = {row[0].lower(): row[1] for row in rows if row[0] != FILE}
        return Part(relation, types, is_final=True)

    def _copied(
        self,
        table: Table,
        kind: str,
        way: Way,
        keys: Mapping[str, str | None],
        path: Path,
        stamp: Stamp,
    ) -> tuple[Path, list[Fault], int]:
        """Copy the rows of a file that Python reads; give the copy, its faults and row count."""
        wanted = list(dict.fromkeys(each.lower() for each in table.reads))
        if kind == CSV:
            wanted = [name for name in wanted if name in way[1]]
        faults: list[Fault] = []
        rows = _rows(kind, way, path, wanted, self._reading, faults)
        part = Part("rows_read", dict.fromkeys(wanted, "VARCHAR"), keys, keeps_quoted=kind == CSV)
        kinds = {
            name: TEXT if kind == TIME or column.type == "boolean" else kind
            for (name, kind), column in zip(
                views.kinds_of(table, [part]).items(), table.columns.values(), strict=True
            )
        }
        values = ", ".join(
            views.expression(table, column, kinds[name], part, self._reading)
            for name, column in table.columns.items()
        )
        cells = ", ".join(f"cells[{n}] as {sql.name(w)}" for n, w in enumerate(wanted, start=1))
        # Another version of the file, or another way to read it, has a copy of another name: what
        # is known of an earlier one, from a night that ended early, is never taken for this one.
        name = hashlib.sha256(f"{_key(table, path)} {stamp}".encode()).hexdigest()[:24]
        target = self._folder / f"{name}.parquet"
        new = self._folder / f".{name}.new"
        self._folder.mkdir(parents=True, exist_ok=True)
        count, has_other_letters = 0, False
        with duckdb.connect() as memory:
            memory.execute("set TimeZone = 'UTC'")
            columns = ", ".join(f"{sql.name(name)} {kinds[name]}" for name in table.columns)
            memory.execute(f"create table copied ({columns})")
            for batch in _batches(rows):
                count += len(batch)
                has_other_letters = has_other_letters or any(
                    not (cell or "").isascii() for row in batch for cell in row
                )
                memory.execute(
                    f"with rows_read as (select {cells} from "
                    "(select unnest(from_json(cast(? as json), '[[\"VARCHAR\"]]')) as cells)) "
                    f"insert into copied select {values} from rows_read",
                    [json.dumps(batch)],
                )
            wrong = sum(fault.reason == text_files.NOT_UTF8 for fault in faults)
            if not has_other_letters and (wrong >= WRONG_LINES or wrong > count):
                raise Stop(f"{path}: not UTF-8 text ({wrong:,} lines); save it as UTF-8")
            try:
                memory.execute(f"copy copied to {sql.text(str(new))} (format parquet)")
            except duckdb.Error as error:
                raise Stop(f"{target}: cannot be written ({one_line(error)})") from None
        os.replace(new, target)
        return target, faults, count


def look(
    table: Table,
    part: Part,
    reading: Reading,
    connection: duckdb.DuckDBPyConnection,
    *,
    every_column: bool,
) -> dict[str, Facts]:
    """Take a part whose relation has the column FILE, give what is known of each file with rows.

    With `every_column` every value that will be read is looked at, so that DuckDB raises what it
    does not read; otherwise only times that are text are.
    """
    times = [
        column
        for column in table.columns.values()
        if column.is_time and (every_column or timestamps.is_text_here(_type(column, part) or ""))
    ]
    times = [column for column in times if _type(column, part)]
    values = {column.name: _time_value(table, column, part, reading) for column in times}
    read = [name for name in part.types if every_column and name in _reads(table, part)]
    counts = [
        "count(*)",
        *(f"count({sql.name(name)})" for name in read),
        *(each for column in times for each in _counts(column, _type(column, part) or "")),
    ]
    columns = "".join(f", {value} as {sql.name('time ' + name)}" for name, value in values.items())
    rows = connection.execute(
        f"select {FILE}, {', '.join(counts)} from (select *{columns} from {part.relation}) "
        "group by 1"
    ).fetchall()
    found: dict[str, Facts] = {}
    for file, count, *numbers in rows:
        filled_counts, numbers_of = dict(zip(read, numbers, strict=False)), numbers[len(read) :]
        needed = (filled_counts.get(name.lower(), count) for name in table.needs)
        facts = {}
        for place, column in enumerate(times):
            filled, unreadable, zoned, early = numbers_of[4 * place : 4 * place + 4]
            said = _looks_like(part, values[column.name], file, connection) if unreadable else None
            facts[column.name] = TimeFacts(
                filled,
                unreadable,
                zoned,
                timestamps.is_text_here(_type(column, part) or ""),
                file,
                said,
                said is not None and unreadable == filled and said.startswith(timestamps.NUMBERS),
                early,
            )
        found[file] = Facts(0, count, facts, has_all_needed=all(each == count for each in needed))
    return found


def _type(column: Column, part: Part) -> str | None:
    return part.types.get((column.name if part.is_final else column.reads).lower())


def _time_value(table: Table, column: Column, part: Part, reading: Reading) -> str:
    is_text = timestamps.is_text_here(_type(column, part) or "")
    return views.expression(table, column, TEXT if is_text else TIME, part, reading)


def _looks_like(part: Part, value: str, file: str, connection: duckdb.DuckDBPyConnection) -> str:
    examples = connection.execute(
        f"select distinct written from (select {value} as written from {part.relation} "
        f"where {FILE} = ?) where trim(written) <> '' "
        f"and not {timestamps.readable('written')} limit {EXAMPLES}",
        [file],
    ).fetchall()
    return timestamps.looks_like([row[0] for row in examples], connection)


def _rows(
    kind: str,
    way: Way,
    path: Path,
    wanted: Sequence[str],
    reading: Reading,
    faults: list[Fault],
) -> Iterator[text_files.Row]:
    if kind == CSV:
        return text_files.csv_rows(path, way[0], way[1], wanted, reading.null_words, faults)
    if kind == JSONL:
        return text_files.json_lines(path, wanted, faults)
    return text_files.json_document(path, wanted, faults)


def _batches(rows: Iterator[text_files.Row]) -> Iterator[list[text_files.Row]]:
    batch: list[text_files.Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _reads(table: Table, part: Part) -> set[str]:
    if part.is_final:
        return {name.lower() for name in table.columns}
    return {name.lower() for name in table.reads}


def _counts(column: Column, source_type: str) -> tuple[str, str, str, str]:
    """The SQL of how many values a time column has, and of how many TimeFacts tells them apart."""
    value = sql.name("time " + column.name)
    if not timestamps.is_text_here(source_type):
        count = f"count({value})"
        return count, "0", count if timestamps.is_zoned(source_type) else "0", "0"
    filled = f"trim({value}) <> ''"
    return (
        f"count(*) filter (where {filled})",
        f"count(*) filter (where {filled} and not {timestamps.readable(value)})",
        f"count(*) filter (where {timestamps.zoned(value)})",
        f"count(*) filter (where {timestamps.readable(value)} and {value} < '2000')",
    )


def _stamp(path: Path, version: str) -> Stamp:
    status = path.stat()
    # Nobody can put back the time at which a file was last changed in any way, ctime.
    return [version, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _key(table: Table, path: Path) -> str:
    return f"{table.view} {path}"


def _facts(note: Note) -> Facts:
    return Facts(
        note["files"],
        note["rows"],
        {name: TimeFacts(**each) for name, each in note["times"].items()},
        tuple((file, Fault(**fault)) for file, fault in note["faults"]),
    )


def _read_notes(path: Path) -> dict[str, Note]:
    """What earlier checks have left; nothing where it cannot be read, for all is made anew then."""
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return notes if isinstance(notes, dict) else {}


def _code() -> str:
    """Stands for the code that checks and copies: another version of it checks anew."""
    texts = [Path(module.__file__ or "").read_bytes() for module in (text_files, timestamps, views)]
    return hashlib.sha256(b"".join([*texts, Path(__file__).read_bytes()])).hexdigest()
