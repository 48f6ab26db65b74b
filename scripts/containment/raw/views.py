"""Lay views `raw.<source>_<table>` over the raw tables of a source, wherever these are.

A view has exactly the columns that the source declares. Those of another database are copied, for
a view would need it, and its password, at each later use; and what a live database holds should
not move during a night.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory

import duckdb

from containment.common import sql
from containment.common.errors import Stop, one_line
from containment.raw import timestamps
from containment.settings.raw_reading import Reading
from containment.settings.source_yml import BOOLEAN, CONTRACT, SCHEMA, TEXT, TIME, Column, Table

ATTACHED = "raw_database"
AS_THEY_ARE = Reading()  # where no setting says anything of raw values
SALT = "containment_id_salt"  # the variable of a connection by which ids are hashed
LINES, FINDINGS = "night_unreadable_lines", "night_raw_findings"
NOTES = {  # tables beside the views, for what no view can hold
    LINES: {
        "source": "varchar",
        "table_name": "varchar",
        "file_name": "varchar",
        "line_number": "bigint",
        "reason": "varchar",
    },
    FINDINGS: {"source": "varchar", "finding": "varchar", "row_count": "bigint"},
}


@dataclass(frozen=True)
class Part:
    """Data that are read the same way: `relation` reads them, `types` has their columns.

    Names of columns are in lower case there. `keys`: columns that the names of their folders give.
    `keeps_quoted`: null words that stand for null are null already, and a quoted id is none.
    `is_final`: the columns are those of the view, as it gives them.
    """

    relation: str
    types: Mapping[str, str]
    keys: Mapping[str, str | None] = field(default_factory=dict)
    keeps_quoted: bool = False
    is_final: bool = False


@dataclass(frozen=True)
class ColumnRead:
    """What a column of a view was taken for: whose, in which table, of which types in the data."""

    table: str
    name: str
    reads: str
    types: tuple[str, ...]


@dataclass(frozen=True)
class UnreadableLine:
    """A line of a file that is no row: which, and why."""

    table: str
    file: str
    line: int
    reason: str


@dataclass(frozen=True)
class RawData:
    """What was found of a source: a select statement per view, and what the user should know.

    `attach`: the statement that makes their database known, when it is another one. `findings`:
    counts for marts.data_quality. `proposals`: settings that would read more, a line each.
    `salt`: that of the ids, where the selects hash them; their tables are copied then.
    `passing_copies`: a folder of raw rows with plain ids, which goes when the tables are copied.
    """

    selects: Mapping[str, str]
    described: str
    warnings: tuple[str, ...] = ()
    attach: str | None = None
    source: str = ""
    columns: tuple[ColumnRead, ...] = ()
    proposals: tuple[str, ...] = ()
    findings: Mapping[str, int] = field(default_factory=dict)
    unreadable: tuple[UnreadableLine, ...] = ()
    salt: str | None = field(default=None, repr=False)
    passing_copies: TemporaryDirectory[str] | None = field(default=None, repr=False)


def write_views(raw: RawData, connection: duckdb.DuckDBPyConnection) -> None:
    """Take what `inspect` gave and a connection to the warehouse; make the views, all or none."""
    kind = "table" if raw.attach or raw.salt else "view"
    try:
        if raw.salt:
            connection.execute(f"set variable {SALT} = {sql.text(raw.salt)}")
        if raw.attach:
            connection.execute(raw.attach)
        connection.execute("begin")
        connection.execute(f"create schema if not exists {SCHEMA}")
        for view, select in raw.selects.items():
            _drop_other_kind(connection, view, kind)
            relation = f"{SCHEMA}.{sql.name(view)}"
            connection.execute(f"create or replace {kind} {relation} as {select}")
        connection.execute("commit")
    except duckdb.Error as error:
        with suppress(duckdb.Error):  # a commit that failed has ended the transaction itself
            connection.execute("rollback")
        raise Stop(f"schema {SCHEMA}: cannot make its {kind}s ({one_line(error)})") from None
    finally:
        if raw.salt:
            connection.execute(f"reset variable {SALT}")
        if raw.passing_copies:
            raw.passing_copies.cleanup()
        if raw.attach:
            connection.execute(f"detach database if exists {ATTACHED}")


def write_notes(found: Sequence[RawData], connection: duckdb.DuckDBPyConnection) -> None:
    """Put what is known of the raw tables beside their views, where the models read it."""
    rows: dict[str, list[tuple[object, ...]]] = {
        LINES: [
            (raw.source, each.table, each.file, each.line, each.reason)
            for raw in found
            for each in raw.unreadable
        ],
        FINDINGS: [
            (raw.source, finding, count) for raw in found for finding, count in raw.findings.items()
        ],
    }
    connection.execute(f"create schema if not exists {SCHEMA}")
    for table, columns in NOTES.items():
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"create or replace table {SCHEMA}.{table} ({typed})")
        if rows[table]:
            places = ", ".join("?" for _ in columns)
            connection.executemany(f"insert into {SCHEMA}.{table} values ({places})", rows[table])


def select(table: Table, parts: Sequence[Part], reading: Reading = AS_THEY_ARE) -> str:
    """One select over all parts: exactly the columns of the table, in its order."""
    kinds = kinds_of(table, parts)
    if not parts:
        columns = ", ".join(f"cast(null as {kinds[name]}) as {sql.name(name)}" for name in kinds)
        return f"select {columns} where false"
    return " union all ".join(
        "select "
        + ", ".join(
            f"{expression(table, column, kinds[name], part, reading)} as {sql.name(name)}"
            for name, column in table.columns.items()
        )
        + f" from {part.relation}"
        for part in parts
    )


def kinds_of(table: Table, parts: Sequence[Part]) -> dict[str, str]:
    """The type that the view gives each column: text where the parts of the data differ."""
    return {name: _common_kind(column, parts) for name, column in table.columns.items()}


def _common_kind(column: Column, parts: Sequence[Part]) -> str:
    types = [_type_in(column, part) for part in parts]
    found = {_kind(column, each) for each in types if each is not None} or {column.type}
    return found.pop() if len(found) == 1 else TEXT


def _type_in(column: Column, part: Part) -> str | None:
    """The type of a column in the data; None where they lack it."""
    if part.is_final:
        return part.types.get(column.name.lower())
    reads = column.reads.lower()
    return part.types.get(reads) or ("VARCHAR" if reads in part.keys else None)


def _kind(column: Column, source_type: str) -> str:
    """The type that the view gives a column which has `source_type` in the data."""
    if column.value is None and (
        (column.type == TIME and timestamps.is_text_here(source_type))
        or (column.type == BOOLEAN and source_type != "BOOLEAN")
    ):
        return TEXT
    return column.type


def expression(table: Table, column: Column, kind: str, part: Part, reading: Reading) -> str:
    """The SQL that reads a column of a view from a part of the data."""
    source_type = _type_in(column, part)
    if source_type is None:
        return f"cast(null as {kind})"
    if part.is_final:
        return f"cast({sql.name(column.name)} as {kind})"
    if column.value is not None:
        return f"try_cast({column.value} as {kind})"
    reads = column.reads.lower()
    if reads in part.keys:
        value = part.keys[reads]
        return f"cast({'null' if value is None else sql.text(value)} as {kind})"
    value = sql.name(column.reads)
    if source_type == "BLOB":
        value = f"try(decode({value}))"
    if part.keeps_quoted and column.is_id:
        # A word in quotes is an id; with blanks around it, it was written by no one's hand.
        value = _without_null_words(value, ("",), reading.null_words)
    elif source_type in ("VARCHAR", "BLOB"):
        words = ("", *reading.null_words) if part.keeps_quoted else reading.null_words
        value = _without_null_words(value, words, reading.null_words)
    elif source_type in ("DOUBLE", "FLOAT"):  # numpy's null
        value = f"case when not isnan({value}) then {value} end"
    if column.is_time:
        value = timestamps.expression(value, source_type, reading)
        if kind == TIME:
            return value
        # Of a time with a zone the text says so too.
        says_so = timestamps.is_zoned(source_type)
        return f"({value} || '+00')" if says_so else f"cast({value} as {kind})"
    if kind == TEXT:
        return _as_text(table, column, value, source_type)
    return f"{'cast' if kind == BOOLEAN else 'try_cast'}({value} as {kind})"


def _as_text(table: Table, column: Column, value: str, source_type: str) -> str:
    """A value as text; a whole number of a system's own tables is its digits, whatever wrote it.

    The ids of the raw contract are left to staging, which counts what it mends.
    """
    text = f"cast({value} as {TEXT})"
    is_contract = table.source == CONTRACT and column.is_id
    if is_contract and source_type.startswith("DECIMAL"):
        # It holds any number exactly, which its text does not say.
        is_large = f"abs({value}) >= {2**53}"
        return f"case when {is_large} then {_whole(text)} else {text} end"
    if is_contract or not (timestamps.is_number_type(source_type) or column.is_id):
        return text
    if column.is_id and source_type == "VARCHAR":
        text = f"trim({text})"
    return _whole(text)


def _whole(text: str) -> str:
    """A whole number as its digits; any other text as it is."""
    return f"regexp_replace({text}, '^(-?[0-9]+)[.]0+$', '\\1')"


def _without_null_words(value: str, words: Sequence[str], padded: Sequence[str]) -> str:
    """Null where a text is one of the words, or one of `padded` with blanks around it."""
    if not words:
        return value
    # Few texts are as short as such a word.
    longest = max(len(word.encode()) for word in words)
    kept = f"(strlen({value}) > {longest} or not ({_is_one_of(value, words)}))"
    if padded:
        has_blanks = f"({value} like '% ' or {value} like ' %')"
        kept += f" and not ({has_blanks} and ({_is_one_of(f'trim({value})', padded)}))"
    return f"case when {kept} then {value} end"


def _is_one_of(value: str, words: Sequence[str]) -> str:
    """A condition without `in`, which DuckDB makes a join of each column with the list of words."""
    return " or ".join(f"{value} = {sql.text(word)}" for word in words)


def with_json(relation: str, types: Mapping[str, str], wanted: Iterable[str]) -> Part:
    """A part whose structs, lists and maps are JSON texts."""
    nested = [
        name
        for name in dict.fromkeys(each.lower() for each in wanted)
        if re.match(r"(STRUCT|MAP|UNION|VARIANT|JSON)\b", types.get(name, ""))
        or types.get(name, "").endswith("]")
    ]
    if nested:
        texts = ", ".join(
            f"cast(to_json({sql.name(name)}) as varchar) as {sql.name(name)}" for name in nested
        )
        relation = f"(select * replace ({texts}) from {relation})"
    return Part(relation, {**types, **dict.fromkeys(nested, "VARCHAR")})


def forget(table: Table, connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the view of a raw table that is read no more, and the copy that stands for it."""
    for kind in ("view", "table"):
        _drop_other_kind(connection, table.view, kind)


def _drop_other_kind(connection: duckdb.DuckDBPyConnection, view: str, kind: str) -> None:
    """A source may have been read from another kind of place the night before."""
    other = "view" if kind == "table" else "table"
    found = connection.execute(
        f"select 1 from duckdb_{other}s() where database_name = current_database() "
        f"and schema_name = ? and {other}_name = ?",
        [SCHEMA, view],
    ).fetchone()
    if found:
        connection.execute(f"drop {other} {SCHEMA}.{sql.name(view)}")
