"""The raw tables of a source as files in a folder: find them, check them, read them.

Nothing is written before everything is checked, and no column is ever selected that the source does
not declare: message text is never read.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from containment.common import sql
from containment.common.errors import Stop, one_line
from containment.common.places import PROJECT
from containment.common.shown import shown
from containment.raw import find, text_files
from containment.raw.assess import assessed, check_required, check_types
from containment.raw.checks import Checks, Facts, Reader, Way
from containment.raw.find import CSV, JSON, JSONL, PARQUET, RawFile
from containment.raw.views import Part, RawData, with_json
from containment.settings import source_yml
from containment.settings.lookups import ANY, Lookups
from containment.settings.raw_places import check_folder
from containment.settings.raw_reading import Reading
from containment.settings.source_yml import CONTRACT, Table

DELIMITERS = ",;\t|"
SNIFFED_ROWS = 1000
NAMED = 5  # unknown channels that a warning names


def inspect(
    folder: Path,
    lookups: Lookups,
    source: str = CONTRACT,
    root: Path = PROJECT,
    reading: Reading | None = None,
    copies: Path | None = None,
) -> RawData:
    """Return the views to make for the files of a source.

    copies: a folder for what is known of checked files, and for copies of those with lines that are
    no rows. Raises Stop if a table or column that the source needs is missing or unreadable.
    """
    check_folder(folder)
    reading = reading or Reading()
    warnings: list[str] = []
    parts_of: dict[Table, list[Part]] = {}
    facts: dict[Table, Facts] = {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        checks = Checks(
            copies or Path(tempfile.mkdtemp(prefix="containment-raw-")), reading, connection
        )
        for table in source_yml.as_asked(source_yml.declared(root, source), reading):
            files = find.find(folder, table, warnings)
            parts_of[table], facts[table] = _checked(table, files, reading, checks, connection)
            if files and not facts[table].rows:
                warnings.append(f"{table.name}: no row in {_files(len(files))} of {folder}")
            if table.view == f"{CONTRACT}_events" and not files:
                warnings.append(
                    f"no events* file in {folder}: no session can end by a resolution or an "
                    "escalation, so every closed session counts as contained"
                )
        raw = assessed(
            source,
            parts_of,
            facts,
            reading,
            f"{_files(sum(each.files for each in facts.values()))} in {folder}",
            warnings=warnings,
            folder=folder,
        )
        if source == CONTRACT:
            # Of other systems staging makes the words, and some of the attributes.
            unknown = _unknown_channels(raw.selects, lookups, connection)
            missing = _missing_attributes(parts_of, reading)
            raw = replace(raw, warnings=(*raw.warnings, *unknown, *missing))
        checks.keep()
    return raw


def _missing_attributes(
    parts_of: Mapping[Table, Sequence[Part]], reading: Reading
) -> Iterator[str]:
    """A warning for each attribute that no file has."""
    for name in reading.attributes:
        reads = {table.columns[name].reads.lower() for table in parts_of if name in table.columns}
        parts = (part for found in parts_of.values() for part in found)
        if not any(reads & (part.types.keys() | part.keys.keys()) for part in parts):
            yield f"attributes: no file has a column {' or '.join(sorted(reads))}"


# What the names of subfolders say, of the columns that are read.
Keys = tuple[tuple[str, str | None], ...]


def _files(count: int) -> str:
    return f"{count} {'file' if count == 1 else 'files'}"


# --- the files -----------------------------------------------------------------------------------


def _checked(
    table: Table,
    files: Sequence[RawFile],
    reading: Reading,
    checks: Checks,
    connection: duckdb.DuckDBPyConnection,
) -> tuple[list[Part], Facts]:
    """Check every file of a table, and put those together that are read the same way."""
    groups: dict[tuple[str, Way, Keys], list[RawFile]] = {}
    for file in files:
        with text_files.faults_said(file.path):
            way = None if file.is_empty else _way(table, file, connection)
        if way is not None:
            keys = {name.lower() for name in table.reads} & file.keys.keys()
            said = tuple((name, file.keys[name]) for name in sorted(keys))
            groups.setdefault((str(file.format), way, said), []).append(file)
    parts: list[Part] = []
    facts = Facts(files=len(files))
    for (kind, way, said), group in groups.items():
        paths = [file.path for file in group]
        read = _reader(kind, table, way, dict(said), reading)
        found, copied, more = checks.check(table, kind, way, dict(said), paths, read)
        facts += more
        if found:
            parts.append(read(found, ""))
        if copied is not None:
            parts.append(copied)
    return parts, facts


def _way(table: Table, file: RawFile, connection: duckdb.DuckDBPyConnection) -> Way | None:
    """Look at the beginning of a file, give how it is read; None when it has no row."""
    if file.format == PARQUET:
        return _look_at_parquet(table, file, connection)
    if file.format == CSV:
        return _look_at_csv(table, file)
    if file.format == JSONL:
        return _look_at_lines(table, file)
    return _look_at_document(table, file, connection)


def _look_at_parquet(
    table: Table, file: RawFile, connection: duckdb.DuckDBPyConnection
) -> tuple[tuple[str, str], ...]:
    """Read the footer, give the names and types of all columns."""
    with file.path.open("rb"):
        pass  # the system's own reason when it may not be read
    reading = f"read_parquet({sql.paths([file.path])}, hive_partitioning = false)"
    try:
        rows = connection.execute(f"describe select * from {reading}").fetchall()
    except duckdb.Error as error:
        raise Stop(
            f"{file.path}: not a readable parquet file ({_short(error)}); export it again"
        ) from None
    schema = {row[0].lower(): row[1] for row in rows}
    check_required(table, file.path, [row[0] for row in rows], file.keys)
    check_types(table, str(file.path), schema, reading, connection)
    return tuple(schema.items())


def _look_at_csv(table: Table, file: RawFile) -> tuple[str, tuple[str, ...], bool] | None:
    """Read the header, give the delimiter, all names, and whether DuckDB may read the file."""
    wanted = {name.lower() for name in table.reads}
    with text_files.opened(file.path) as stream:
        first = stream.readline()
        is_marked = text_files.SEPARATOR_LINE.fullmatch(first) is not None
        first = stream.readline() if is_marked else first
        while first and not first.strip():
            first = stream.readline()
    if not first.strip():
        return None
    if text_files.is_damaged(first):
        raise Stop(f"{file.path}: not UTF-8 text; save it as UTF-8")
    delimiter = max(DELIMITERS, key=lambda each: len(_named(first, each) & wanted))
    header = _header(first, delimiter)
    names = tuple(name.lower() for name in header)
    check_required(table, file.path, header, file.keys)
    twice = next((name for name in table.reads if names.count(name.lower()) > 1), None)
    if twice:
        raise Stop(f"{file.path}: {table.name} has the column {twice} twice; keep one")
    is_plain = not is_marked and text_files.encoding_of(file.path) in ("utf-8", "utf-8-sig")
    return delimiter, names, is_plain


def _header(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in text_files.cells_of(line, delimiter)]


def _named(line: str, delimiter: str) -> set[str]:
    return {cell.lower() for cell in _header(line, delimiter)}


def _look_at_lines(table: Table, file: RawFile) -> tuple[tuple[str, ...], bool] | None:
    """Read the keys of the first lines, give the wanted ones as written there, and the same."""
    lines = text_files.keys_of_lines(file.path, SNIFFED_ROWS)
    objects = [keys for _, keys in lines if keys is not None]
    if lines and not objects:
        raise Stop(
            f"{file.path} line {lines[0][0]}: not a JSON object; write one object per line, or "
            "name the file .json"
        )
    spelled = _spelled(table, file, list(dict.fromkeys(key for keys in objects for key in keys)))
    is_plain = text_files.encoding_of(file.path) == "utf-8"
    return (spelled[0], is_plain and spelled[1]) if objects or lines else None


def _look_at_document(
    table: Table, file: RawFile, connection: duckdb.DuckDBPyConnection
) -> tuple[str, tuple[str, ...], bool] | None:
    """Read the first objects, give how they are laid out, the wanted keys, and the same."""
    with text_files.opened(file.path) as stream:
        first = stream.read(SNIFFED_ROWS).strip()
    if re.fullmatch(r"(\[\s*\])?", first):
        return None
    layout = "array" if first.startswith("[") else "unstructured"
    try:
        described = connection.execute(
            f"describe select * from read_json({sql.paths([file.path])}, format = '{layout}', "
            "hive_partitioning = false, maximum_depth = 1)"
        ).fetchall()
        found = [row[0] for row in described]
    except (duckdb.Error, UnicodeError):  # a message that quotes wrong bytes is the second
        found = text_files.keys_of_document(file.path)
    spelled, is_plain = _spelled(table, file, found)
    return layout, spelled, is_plain and text_files.encoding_of(file.path) == "utf-8"


def _spelled(table: Table, file: RawFile, found: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """The wanted keys as they are written, and whether each is written in one way only."""
    wanted = {name.lower() for name in table.reads}
    spelled = tuple(key for key in found if key.lower() in wanted)
    if found:
        check_required(table, file.path, found, file.keys)
    return spelled, len({key.lower() for key in spelled}) == len(spelled)


def _short(error: duckdb.Error) -> str:
    """DuckDB's reason without the name of the file, which the caller says."""
    return re.sub(r"^(File|No magic bytes found at end of file) '.*?'\s*", r"\1 ", one_line(error))


# --- how they are read ---------------------------------------------------------------------------


def _reader(
    kind: str, table: Table, way: Way, keys: Mapping[str, str | None], reading: Reading
) -> Reader:
    """What reads files of a kind that were looked at: of paths and more options a part."""

    def parquet(paths: Sequence[Path], more: str = "") -> Part:
        relation = f"read_parquet({sql.paths(paths)}, hive_partitioning = false{more})"
        part = with_json(relation, dict(way), table.reads)
        return Part(part.relation, part.types, keys)

    def csv(paths: Sequence[Path], more: str = "") -> Part:
        # Everything is said, nothing is guessed: a guess may skip rows or take a date for a number.
        delimiter, names, _ = way
        wanted = {name.lower() for name in table.reads}
        columns = {
            name if name in wanted else f"column_{position}": "VARCHAR"
            for position, name in enumerate(names, start=1)
        }
        nulls = ", ".join(sql.text(word) for word in ("", *reading.null_words))
        relation = (
            f"read_csv({sql.paths(paths)}, auto_detect = false, header = true, "
            f"delim = {sql.text(delimiter)}, quote = '\"', escape = '\"', nullstr = [{nulls}], "
            "allow_quoted_nulls = false, hive_partitioning = false, "
            f"columns = {_struct(columns)}{more})"
        )
        return Part(relation, columns, keys, keeps_quoted=True)

    def json(paths: Sequence[Path], more: str = "") -> Part:
        layout, spelled = ("newline_delimited", way[0]) if kind == JSONL else way[:2]
        columns = dict.fromkeys(spelled, "VARCHAR") or {"nothing": "VARCHAR"}
        return Part(
            f"read_json({sql.paths(paths)}, format = '{layout}', hive_partitioning = false, "
            f"columns = {_struct(columns)}{more})",
            {name.lower(): of for name, of in columns.items()},
            keys,
        )

    return {PARQUET: parquet, CSV: csv, JSONL: json, JSON: json}[kind]


def _struct(columns: Mapping[str, str]) -> str:
    return (
        "{" + ", ".join(f"{sql.text(name)}: {sql.text(of)}" for name, of in columns.items()) + "}"
    )


# --- what is said of them ------------------------------------------------------------------------


def _unknown_channels(
    selects: Mapping[str, str], lookups: Lookups, connection: duckdb.DuckDBPyConnection
) -> Iterator[str]:
    conversations = selects[f"{CONTRACT}_conversations"]
    channels = connection.execute(
        f"select lower(trim(channel)) as word, count(*) from ({conversations}) "
        "where word <> '' and conversation_id is not null "
        "group by word order by count(*) desc, word"
    ).fetchall()
    known = lookups.channels - {ANY}  # the row of every other channel, whatever its name
    unknown = [(word, rows) for word, rows in channels if word not in known]
    if unknown:
        yield (
            f"channels without a row in config/channel_policies.csv: {_words(unknown)}; "
            "each uses the timeout of '*'"
        )


def _words(words: Sequence[tuple[str, int]]) -> str:
    named = ", ".join(f"{shown(word)} ({rows:,})" for word, rows in words[:NAMED])
    more = len(words) - NAMED
    return f"{named} and {more} more" if more > 0 else named
