"""The raw data of the source `files`: find it, check it, and put views on it.

Nothing is written before everything is checked, and no column outside the raw contract is ever
selected: message text is never read.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import duckdb

from containment import sql
from containment.errors import Stop, one_line
from containment.lookups import Lookups

SOURCE = "files"
SCHEMA = "raw"
PARQUET, CSV, JSONL = "parquet", "csv", "jsonl"
SUFFIXES = {".parquet": PARQUET, ".csv": CSV, ".csv.gz": CSV, ".jsonl": JSONL, ".jsonl.gz": JSONL}
SUFFIX_LIST = ", ".join(SUFFIXES)
DELIMITERS = ",;\t|"
SNIFFED_ROWS = 1000
NAMED = 5  # unknown channels and event types that a warning names

# What a column is in the view. Where the files of a table disagree, it is text.
TEXT, TIME, BOOLEAN = "varchar", "timestamp", "boolean"
NUMBER = re.compile(r"\s*[+-]?\d+(\.\d*)?([eE][+-]?\d+)?\s*")


@dataclass(frozen=True)
class Table:
    """A table of the raw contract."""

    name: str
    columns: Sequence[str]
    required: Sequence[str]
    times: Sequence[str]
    booleans: Sequence[str] = ()

    def kind(self, column: str, source_type: str) -> str:
        """The type that the view gives a column which has `source_type` in a file."""
        if column in self.times and source_type != "VARCHAR":
            return TIME
        if column in self.booleans and source_type == "BOOLEAN":
            return BOOLEAN
        return TEXT


CONVERSATIONS = Table(
    "conversations",
    [
        "conversation_id",
        "channel",
        "brand",
        "customer_id",
        "created_at",
        "exclusion_reason",
        "loaded_at",
    ],
    required=["conversation_id"],
    times=["created_at", "loaded_at"],
)
MESSAGES = Table(
    "messages",
    [
        "message_id",
        "conversation_id",
        "author_type",
        "sent_at",
        "author_id",
        "is_public",
        "topic",
        "loaded_at",
    ],
    required=["message_id", "conversation_id", "author_type", "sent_at"],
    times=["sent_at", "loaded_at"],
    booleans=["is_public"],
)
EVENTS = Table(
    "events",
    [
        "event_id",
        "conversation_id",
        "event_type",
        "occurred_at",
        "actor_type",
        "reason",
        "loaded_at",
    ],
    required=["event_id", "conversation_id", "event_type", "occurred_at"],
    times=["occurred_at", "loaded_at"],
)
RATINGS = Table(
    "ratings",
    ["rating_id", "conversation_id", "score", "rated_at", "max_score", "loaded_at"],
    required=["rating_id", "conversation_id", "score", "rated_at"],
    times=["rated_at", "loaded_at"],
)
TABLES = (CONVERSATIONS, MESSAGES, EVENTS, RATINGS)
OPTIONAL = (EVENTS, RATINGS)


@dataclass(frozen=True)
class Part:
    """Files that are read the same way: `relation` reads them, `types` has their columns."""

    relation: str
    types: Mapping[str, str]


@dataclass(frozen=True)
class RawFiles:
    """What was found: a select statement per view, and what the user should know."""

    selects: Mapping[str, str]
    file_count: int
    warnings: tuple[str, ...]


def inspect(folder: Path, lookups: Lookups) -> RawFiles:
    """Take the folder and the lookup seeds, give the views to make; Stop when it cannot be read."""
    check_folder(folder)
    selects: dict[str, str] = {}
    warnings: list[str] = []
    file_count = 0
    with duckdb.connect() as connection:
        for table in TABLES:
            files = find(folder, table)
            file_count += len(files)
            selects[f"{SOURCE}_{table.name}"] = select = _select(
                table, _parts(table, files, connection)
            )
            if files and not _sniff(table, select, connection):
                warnings.append(f"{table.name}: no row in {_count(files)} of {folder}")
            if table is EVENTS and not files:
                warnings.append(
                    f"no events* file in {folder}: no session can end by a resolution or an "
                    "escalation, so every closed session counts as contained"
                )
        warnings += _unknown_words(selects, lookups, connection)
    return RawFiles(selects, file_count, tuple(warnings))


def write_views(raw: RawFiles, connection: duckdb.DuckDBPyConnection) -> None:
    """Take what `inspect` gave and a connection to the warehouse; make the views, all or none."""
    connection.execute("begin")
    try:
        connection.execute(f"create schema if not exists {SCHEMA}")
        for view, select in raw.selects.items():
            connection.execute(f"create or replace view {SCHEMA}.{view} as {select}")
        connection.execute("commit")
    except duckdb.Error as error:
        with suppress(duckdb.Error):  # a commit that failed has ended the transaction itself
            connection.execute("rollback")
        raise Stop(f"schema {SCHEMA}: cannot make its views ({one_line(error)})") from None


def check_folder(folder: Path) -> None:
    """Stop when the folder of the raw files cannot be listed."""
    try:
        with os.scandir(folder):
            pass
    except FileNotFoundError:
        raise Stop(f"raw_path {folder}: no such folder; check the path") from None
    except NotADirectoryError:
        raise Stop(
            f"raw_path {folder}: not a folder; name the folder that holds the files"
        ) from None
    except OSError as error:
        raise Stop(f"raw_path {folder}: cannot be read ({one_line(error)})") from None


def find(folder: Path, table: Table) -> list[Path]:
    """The files of a table, sorted: `<table>*` in the folder, and all below `<table>/`."""
    try:
        named = [entry for entry in folder.iterdir() if entry.name.startswith(table.name)]
    except OSError as error:
        raise Stop(f"{folder}: cannot be read ({one_line(error)})") from None
    files = [entry for entry in named if entry.is_file()]
    below = list(_walk(folder / table.name)) if (folder / table.name).is_dir() else []
    found = sorted(file for file in files + below if _format(file))
    if not found and table not in OPTIONAL:
        other = sorted(file.name for file in files + below)
        raise Stop(
            f"{folder}: no {table.name}* file; put one there ({SUFFIX_LIST})"
            + (f"; {other[0]} is of none of these kinds" if other else "")
        )
    return found


def _walk(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise Stop(f"{error.filename}: cannot be read ({one_line(error)})") from None

    for parent, subfolders, names in os.walk(folder, onerror=fail, followlinks=True):
        # Names that begin with . or _ are what writers leave beside their data.
        subfolders[:] = [name for name in subfolders if name[0] not in "._"]
        yield from (Path(parent, name) for name in names if name[0] not in "._")


def _format(file: Path) -> str | None:
    lower = file.name.lower()
    return next((kind for suffix, kind in SUFFIXES.items() if lower.endswith(suffix)), None)


def _count(files: Sequence[Path]) -> str:
    return f"{len(files)} {'file' if len(files) == 1 else 'files'}"


# --- the select statement of a view --------------------------------------------------------------


def _select(table: Table, parts: Sequence[Part]) -> str:
    """One select over all parts: exactly the columns of the contract, in its order."""
    kinds = {}
    for column in table.columns:
        found = {table.kind(column, part.types[column]) for part in parts if column in part.types}
        kinds[column] = found.pop() if len(found) == 1 else TEXT
    if not parts:
        columns = ", ".join(f"cast(null as {kinds[name]}) as {name}" for name in table.columns)
        return f"select {columns} where false"
    return " union all ".join(
        "select "
        + ", ".join(
            f"{_expression(table, column, kinds[column], part.types.get(column))} as {column}"
            for column in table.columns
        )
        + f" from {part.relation}"
        for part in parts
    )


def _expression(table: Table, column: str, kind: str, source_type: str | None) -> str:
    if source_type is None:
        return f"cast(null as {kind})"
    value = column
    if table.kind(column, source_type) == TIME:
        if source_type == "TIMESTAMP WITH TIME ZONE":
            value = f"({column} at time zone 'UTC')"
        value = f"cast({value} as {TIME})"
    # Text is cast to text only: a cast of text to a timestamp would drop its offset.
    return value if kind == TIME else f"cast({value} as {kind})"


# --- the files -----------------------------------------------------------------------------------


def _parts(
    table: Table, files: Sequence[Path], connection: duckdb.DuckDBPyConnection
) -> list[Part]:
    """Check every file of a table, and put those together that are read the same way."""
    parquet: dict[tuple[tuple[str, str], ...], list[Path]] = {}
    texts: dict[tuple[str, tuple[str, ...]], list[Path]] = {}
    lines: list[Path] = []
    for file in files:
        try:
            if _format(file) == PARQUET:
                parquet.setdefault(_check_parquet(table, file, connection), []).append(file)
            elif _format(file) == CSV:
                texts.setdefault(_check_csv(table, file), []).append(file)
            else:
                _check_jsonl(table, file)
                lines.append(file)
        except UnicodeDecodeError:
            raise Stop(f"{file}: not UTF-8 text; save it as UTF-8") from None
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise Stop(f"{file}: not a complete gzip file; export it again") from None
        except OSError as error:
            raise Stop(f"{file}: cannot be read ({one_line(error)})") from None
    return [
        *(_parquet_part(group, schema) for schema, group in parquet.items()),
        *(_csv_part(table, group, *dialect) for dialect, group in texts.items()),
        *([_jsonl_part(table, lines)] if lines else []),
    ]


def _check_parquet(
    table: Table, file: Path, connection: duckdb.DuckDBPyConnection
) -> tuple[tuple[str, str], ...]:
    """Read the footer, give the names and types of all columns."""
    with file.open("rb"):
        pass  # the system's own reason when it may not be read
    reading = f"read_parquet({sql.paths([file])}, hive_partitioning = false)"
    try:
        rows = connection.execute(f"describe select * from {reading}").fetchall()
    except duckdb.Error as error:
        raise Stop(
            f"{file}: not a readable parquet file ({_short(error)}); export it again"
        ) from None
    schema = {row[0].lower(): row[1] for row in rows}
    _check_required(table, file, [row[0] for row in rows], set(schema))
    for column in table.times:
        found = schema.get(column, "VARCHAR")
        if found == "VARCHAR" or found == "DATE" or found.startswith("TIMESTAMP"):
            continue
        # A column without any value has whatever type its writer chose.
        if connection.execute(f"select count({column}) from {reading}").fetchone() != (0,):
            raise _wrong_time(table, file, column, f"the type {found}")
        schema[column] = "VARCHAR"
    return tuple(schema.items())


def _parquet_part(files: Sequence[Path], schema: tuple[tuple[str, str], ...]) -> Part:
    return Part(f"read_parquet({sql.paths(files)}, hive_partitioning = false)", dict(schema))


def _check_csv(table: Table, file: Path) -> tuple[str, tuple[str, ...]]:
    """Read the first rows, give the delimiter and the names in the header."""
    csv.field_size_limit(2**31 - 1)
    with _open(file) as stream:
        first = stream.readline()
    if not first.strip():
        raise Stop(f"{file}: no header line; write the names of the columns first")
    splits = [
        (d, [cell.strip() for cell in next(csv.reader([first], delimiter=d), [])])
        for d in DELIMITERS
    ]
    delimiter, header = max(
        splits, key=lambda it: len({n.lower() for n in it[1]} & {*table.columns})
    )
    names = tuple(name.lower() for name in header)
    _check_required(table, file, header, set(names))
    twice = next((name for name in table.columns if names.count(name) > 1), None)
    if twice:
        raise Stop(f"{file}: {table.name} has the column {twice} twice; keep one")
    values: dict[str, list[object]] = {name: [] for name in table.times}
    with _open(file) as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        try:
            next(reader)
            for row in filter(None, islice(reader, SNIFFED_ROWS)):
                if len(row) != len(names):
                    raise Stop(
                        f"{file} line {reader.line_num}: {len(row)} values in {len(names)} "
                        "columns; export it again with values that hold a delimiter in quotes"
                    )
                for name in values.keys() & set(names):
                    values[name].append(row[names.index(name)])
        except csv.Error as error:
            raise Stop(f"{file} line {reader.line_num}: not readable csv ({error})") from None
    _check_times(table, file, values)
    return delimiter, names


def _csv_part(table: Table, files: Sequence[Path], delimiter: str, names: tuple[str, ...]) -> Part:
    # Everything is said, nothing is guessed: a guess may skip rows or take a date for a number.
    columns = {
        name if name in table.columns else f"column_{position}": "VARCHAR"
        for position, name in enumerate(names, start=1)
    }
    return Part(
        f"read_csv({sql.paths(files)}, auto_detect = false, header = true, "
        f"delim = {sql.text(delimiter)}, quote = '\"', escape = '\"', nullstr = '', "
        f"hive_partitioning = false, columns = {_struct(columns)})",
        columns,
    )


def _check_jsonl(table: Table, file: Path) -> None:
    found: dict[str, None] = {}
    values: dict[str, list[object]] = {name: [] for name in table.times}
    with _open(file) as stream:
        lines = ((number, line) for number, line in enumerate(stream, start=1) if line.strip())
        for number, line in islice(lines, SNIFFED_ROWS):
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise Stop(f"{file} line {number}: not a JSON object; write one object per line")
            found |= dict.fromkeys(row)
            for name in values.keys() & row.keys():
                values[name].append(row[name])
    if found:
        _check_required(table, file, list(found), set(found))
    _check_times(table, file, values)


def _jsonl_part(table: Table, files: Sequence[Path]) -> Part:
    columns = dict.fromkeys(table.columns, "VARCHAR")
    return Part(
        f"read_json({sql.paths(files)}, format = 'newline_delimited', hive_partitioning = false, "
        f"columns = {_struct(columns)})",
        columns,
    )


def _open(file: Path) -> IO[str]:
    if file.name.lower().endswith(".gz"):
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")


def _struct(columns: Mapping[str, str]) -> str:
    return (
        "{" + ", ".join(f"{sql.text(name)}: {sql.text(of)}" for name, of in columns.items()) + "}"
    )


def _check_required(table: Table, file: Path, found: Iterable[str], known: set[str]) -> None:
    for column in table.required:
        if column not in known:
            raise Stop(
                f"{file}: {table.name} has no column {column}; add or rename it "
                f"(found: {', '.join(found)})"
            )


def _check_times(table: Table, file: Path, values: Mapping[str, Sequence[object]]) -> None:
    """Stop when every value of a time column is a number."""
    for column, found in values.items():
        filled = [value for value in found if value is not None and value != ""]
        if filled and all(NUMBER.fullmatch(str(value)) for value in filled):
            raise _wrong_time(table, file, column, f"numbers like {filled[0]}")


def _wrong_time(table: Table, file: Path, column: str, found: str) -> Stop:
    return Stop(
        f"{file}: {column} of {table.name} has {found}; expected a timestamp or ISO 8601 text"
    )


def _short(error: duckdb.Error) -> str:
    """DuckDB's reason without the name of the file, which the caller says."""
    return re.sub(r"^(File|No magic bytes found at end of file) '.*?'\s*", r"\1 ", one_line(error))


# --- what the rows say ---------------------------------------------------------------------------


def _sniff(table: Table, select: str, connection: duckdb.DuckDBPyConnection) -> bool:
    """Read the first rows through the view's own statement, give whether there is one."""
    try:
        return bool(connection.execute(f"{select} limit {SNIFFED_ROWS}").fetchall())
    except duckdb.Error as error:
        raise Stop(f"{table.name}: {one_line(error)}") from None


def _unknown_words(
    selects: Mapping[str, str], lookups: Lookups, connection: duckdb.DuckDBPyConnection
) -> Iterator[str]:
    channels = _words("channel", selects["files_conversations"], connection)
    unknown = [(word, rows) for word, rows in channels if word not in lookups.channels]
    if unknown:
        yield (
            f"channels without a row in seeds/channel_policies.csv: {_named(unknown)}; "
            "each uses the timeout of '*'"
        )
    types = _words("event_type", selects["files_events"], connection)
    unknown = [(word, rows) for word, rows in types if not lookups.knows_event_type(SOURCE, word)]
    if unknown:
        yield (
            f"event types without a row in seeds/event_types.csv: {_named(unknown)}; "
            "they end nothing"
        )


def _words(
    column: str, select: str, connection: duckdb.DuckDBPyConnection
) -> list[tuple[str, int]]:
    """The words of a column as the models compare them, with their rows, most frequent first."""
    try:
        return connection.execute(
            f"select lower(trim({column})) as word, count(*) from ({select}) "
            "where word <> '' group by word order by count(*) desc, word"
        ).fetchall()
    except duckdb.Error as error:
        raise Stop(f"{column}: {one_line(error)}") from None


def _named(words: Sequence[tuple[str, int]]) -> str:
    named = ", ".join(f"{' '.join(word.split())} ({rows:,})" for word, rows in words[:NAMED])
    more = len(words) - NAMED
    return f"{named} and {more} more" if more > 0 else named
