"""The raw tables of a source as files in a folder: find them, check them, read them.

Nothing is written before everything is checked, and no column is ever selected that the source does
not declare: message text is never read.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

import duckdb

from containment import raw_tables, sql
from containment.errors import Stop, one_line
from containment.lookups import Lookups
from containment.places import PROJECT
from containment.raw_tables import Table
from containment.raw_views import Part, RawData, select

SOURCE = "files"  # the one whose tables are the raw contract's own
PARQUET, CSV, JSONL, JSON = "parquet", "csv", "jsonl", "json"
SUFFIXES = {
    ".parquet": PARQUET,
    ".csv": CSV,
    ".csv.gz": CSV,
    ".jsonl": JSONL,
    ".jsonl.gz": JSONL,
    ".json": JSON,
    ".json.gz": JSON,
}
SUFFIX_LIST = ", ".join(SUFFIXES)
DELIMITERS = ",;\t|"
SNIFFED_ROWS = 1000
NAMED = 5  # unknown channels and event types that a warning names

NUMBER = re.compile(r"\s*[+-]?\d+(\.\d*)?([eE][+-]?\d+)?\s*")
# What may follow a table's name in the name of a file, for another table's name may begin like it:
# ticket.csv, ticket_data.csv, ticket-2026-09.csv, ticket_0001.csv; but not ticket_comment.csv.
MORE_OF_A_NAME = r"(_data)?([^a-z_].*|_[^a-z].*)?"


def inspect(folder: Path, lookups: Lookups, source: str = SOURCE, root: Path = PROJECT) -> RawData:
    """Take a folder, the lookup seeds, a source and the project folder; give the views to make.

    Stop when a table or a column that the source needs is missing or cannot be read.
    """
    check_folder(folder)
    selects: dict[str, str] = {}
    warnings: list[str] = []
    file_count = 0
    with duckdb.connect() as connection:
        for table in raw_tables.declared(root, source):
            files = find(folder, table)
            file_count += len(files)
            selects[table.view] = statement = select(table, _parts(table, files, connection))
            if files and not _sniff(table, statement, connection):
                warnings.append(f"{table.name}: no row in {_count(files)} of {folder}")
            if table.view == f"{SOURCE}_events" and not files:
                warnings.append(
                    f"no events* file in {folder}: no session can end by a resolution or an "
                    "escalation, so every closed session counts as contained"
                )
        if source == SOURCE:  # of others the words are made in staging; marts.data_quality has them
            warnings += _unknown_words(selects, lookups, connection)
    return RawData(selects, f"{file_count} files in {folder}", tuple(warnings))


def check_folder(folder: Path, setting: str = "raw_path") -> None:
    """Stop when the folder of the raw files, which `setting` names, cannot be listed."""
    try:
        with os.scandir(folder):
            pass
    except FileNotFoundError:
        raise Stop(f"{setting} {folder}: no such folder; check the path") from None
    except NotADirectoryError:
        raise Stop(
            f"{setting} {folder}: not a folder; name the folder that holds the files"
        ) from None
    except OSError as error:
        raise Stop(f"{setting} {folder}: cannot be read ({one_line(error)})") from None


def find(folder: Path, table: Table) -> list[Path]:
    """The files of a table, sorted: `<table>*` in the folder, and all below `<table>/`."""
    try:
        named = [entry for entry in folder.iterdir() if _is_named(entry.name, table)]
    except OSError as error:
        raise Stop(f"{folder}: cannot be read ({one_line(error)})") from None
    files = [entry for entry in named if entry.is_file()]
    below = list(_walk(folder / table.name)) if (folder / table.name).is_dir() else []
    found = sorted(file for file in files + below if _format(file))
    if not found and table.required:
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


def _is_named(file: str, table: Table) -> bool:
    if table.source == SOURCE:
        return file.startswith(table.name)
    endings = "|".join(re.escape(suffix) for suffix in SUFFIXES)
    name = re.escape(table.name) + MORE_OF_A_NAME
    return re.fullmatch(f"{name}({endings})", file.lower()) is not None


def _format(file: Path) -> str | None:
    lower = file.name.lower()
    return next((kind for suffix, kind in SUFFIXES.items() if lower.endswith(suffix)), None)


def _count(files: Sequence[Path]) -> str:
    return f"{len(files)} {'file' if len(files) == 1 else 'files'}"


# --- the files -----------------------------------------------------------------------------------


def _parts(
    table: Table, files: Sequence[Path], connection: duckdb.DuckDBPyConnection
) -> list[Part]:
    """Check every file of a table, and put those together that are read the same way."""
    parquet: dict[tuple[tuple[str, str], ...], list[Path]] = {}
    texts: dict[tuple[str, tuple[str, ...]], list[Path]] = {}
    lines: list[Path] = []
    documents: dict[str, list[Path]] = {}
    for file in files:
        try:
            if _format(file) == PARQUET:
                parquet.setdefault(_check_parquet(table, file, connection), []).append(file)
            elif _format(file) == CSV:
                texts.setdefault(_check_csv(table, file), []).append(file)
            elif _format(file) == JSONL:
                _check_jsonl(table, file)
                lines.append(file)
            else:
                documents.setdefault(_check_json(table, file, connection), []).append(file)
        except UnicodeDecodeError:
            raise Stop(f"{file}: not UTF-8 text; save it as UTF-8") from None
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise Stop(f"{file}: not a complete gzip file; export it again") from None
        except OSError as error:
            raise Stop(f"{file}: cannot be read ({one_line(error)})") from None
    return [
        *(_parquet_part(group, schema) for schema, group in parquet.items()),
        *(_csv_part(table, group, *dialect) for dialect, group in texts.items()),
        *([_json_part(table, lines, "newline_delimited")] if lines else []),
        *(_json_part(table, group, layout) for layout, group in documents.items()),
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
    return tuple(check_types(table, str(file), reading, rows, connection).items())


def check_types(
    table: Table,
    where: str,
    relation: str,
    described: Sequence[tuple[str, ...]],
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, str]:
    """Take the rows of a `describe`, give the type of each column; Stop when one cannot be used."""
    schema = {row[0].lower(): row[1] for row in described}
    _check_required(table, where, [row[0] for row in described])
    for column in table.times:
        found = schema.get(column.lower(), "VARCHAR")
        if found == "VARCHAR" or found == "DATE" or found.startswith("TIMESTAMP"):
            continue
        # A column without any value has whatever type its writer chose.
        counted = f"select count({sql.name(column)}) from {relation}"
        if connection.execute(counted).fetchone() != (0,):
            raise _wrong_time(table, where, column, f"the type {found}")
        schema[column.lower()] = "VARCHAR"
    return schema


def _parquet_part(files: Sequence[Path], schema: tuple[tuple[str, str], ...]) -> Part:
    return Part(f"read_parquet({sql.paths(files)}, hive_partitioning = false)", dict(schema))


def _check_csv(table: Table, file: Path) -> tuple[str, tuple[str, ...]]:
    """Read the first rows, give the delimiter and the names in the header."""
    csv.field_size_limit(2**31 - 1)
    wanted = {name.lower() for name in table.reads}
    with _open(file) as stream:
        first = stream.readline()
    if not first.strip():
        raise Stop(f"{file}: no header line; write the names of the columns first")
    splits = [
        (d, [cell.strip() for cell in next(csv.reader([first], delimiter=d), [])])
        for d in DELIMITERS
    ]
    delimiter, header = max(splits, key=lambda it: len({name.lower() for name in it[1]} & wanted))
    names = tuple(name.lower() for name in header)
    _check_required(table, file, header)
    twice = next((name for name in table.reads if names.count(name.lower()) > 1), None)
    if twice:
        raise Stop(f"{file}: {table.name} has the column {twice} twice; keep one")
    values: dict[str, list[object]] = {name.lower(): [] for name in table.times}
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
    wanted = {name.lower() for name in table.reads}
    columns = {
        name if name in wanted else f"column_{position}": "VARCHAR"
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
        _check_required(table, file, list(found))
    _check_times(table, file, values)


def _check_json(table: Table, file: Path, connection: duckdb.DuckDBPyConnection) -> str:
    """Read the first objects, give how they are laid out: in an array, or one after the other."""
    with _open(file) as stream:
        first = stream.read(SNIFFED_ROWS).lstrip()
    layout = "array" if first.startswith("[") else "unstructured"
    part = _json_part(table, [file], layout)
    times = ", ".join(sql.name(name) for name in table.times) or "1"
    try:
        described = connection.execute(
            f"describe select * from read_json({sql.paths([file])}, format = '{layout}', "
            "hive_partitioning = false, maximum_depth = 1)"
        ).fetchall()
        rows = connection.execute(f"select {times} from {part.relation} limit {SNIFFED_ROWS}")
        values = dict(zip(table.times, zip(*rows.fetchall(), strict=True), strict=False))
    except duckdb.Error as error:
        raise Stop(f"{file}: not readable JSON ({one_line(error)}); export it again") from None
    if values or not table.times:
        _check_required(table, file, [row[0] for row in described])
    _check_times(table, file, values)
    return layout


def _json_part(table: Table, files: Sequence[Path], layout: str) -> Part:
    columns = dict.fromkeys(table.reads, "VARCHAR")
    return Part(
        f"read_json({sql.paths(files)}, format = '{layout}', hive_partitioning = false, "
        f"columns = {_struct(columns)})",
        {name.lower(): kind for name, kind in columns.items()},
    )


def _open(file: Path) -> IO[str]:
    if file.name.lower().endswith(".gz"):
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")


def _struct(columns: Mapping[str, str]) -> str:
    return (
        "{" + ", ".join(f"{sql.text(name)}: {sql.text(of)}" for name, of in columns.items()) + "}"
    )


def _check_required(table: Table, where: Path | str, found: Iterable[str]) -> None:
    known = {name.lower() for name in found}
    for column in table.needs:
        if column.lower() not in known:
            raise Stop(
                f"{where}: {table.name} has no column {column}; add or rename it "
                f"(found: {', '.join(found)})"
            )


def _check_times(table: Table, file: Path, values: Mapping[str, Sequence[object]]) -> None:
    """Stop when every value of a time column is a number."""
    for column, found in values.items():
        filled = [value for value in found if value is not None and value != ""]
        if filled and all(NUMBER.fullmatch(str(value)) for value in filled):
            raise _wrong_time(table, file, column, f"numbers like {filled[0]}")


def _wrong_time(table: Table, file: Path | str, column: str, found: str) -> Stop:
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
