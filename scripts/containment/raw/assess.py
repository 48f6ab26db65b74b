"""What is said of the raw tables that were looked at: what stops a run, what it warns of."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from containment.common import sql
from containment.common.errors import Stop
from containment.raw import text_files, timestamps
from containment.raw.checks import Facts
from containment.raw.text_files import Fault
from containment.raw.views import ColumnRead, Part, RawData, UnreadableLine, select
from containment.settings.raw_reading import Reading
from containment.settings.source_yml import CONTRACT, Table

NAMED = 5  # lines that a warning names
# What a column may be called. Values of a row are seldom all like it: one of them is a time.
NAME = re.compile(r"[^\W\d][\w .:/()#-]{0,40}")
# What mends lines that are no rows.
ADVICE = {
    text_files.NOT_UTF8: "save it as UTF-8",
    text_files.OPEN_QUOTE: "write a quote inside quotes twice",
    text_files.WRONG_NUMBER: "put values that hold a delimiter in quotes",
}
# What a type holds of whole numbers exactly.
EXACT = {"DOUBLE": 2**53, "FLOAT": 2**24}


def assessed(
    source: str,
    parts_of: Mapping[Table, Sequence[Part]],
    facts: Mapping[Table, Facts],
    reading: Reading,
    described: str,
    *,
    warnings: Iterable[str] = (),
    attach: str | None = None,
    folder: Path | None = None,
) -> RawData:
    """Put together what was found of a source; Stop at a time column that holds numbers."""
    said = [*warnings]
    proposals = tuple(_judge_times(facts, said, reading))
    said += _faults(facts)
    zoned, naive = _offsets(facts, reading)
    return RawData(
        selects={table.view: select(table, parts, reading) for table, parts in parts_of.items()},
        described=described,
        warnings=tuple(said),
        attach=attach,
        source=source,
        columns=tuple(_columns_read(parts_of)),
        proposals=proposals,
        findings={
            "times_with_offset": sum(zoned.values()),
            "times_without_offset": sum(naive.values()),
        },
        unreadable=tuple(_unreadable(facts, folder)),
    )


def check_required(
    table: Table,
    where: Path | str,
    found: Iterable[str],
    keys: Mapping[str, str | None] | None = None,
) -> None:
    """Stop when a column that the table needs is neither among those found nor a folder's key."""
    names = [*found]
    known = {name.lower() for name in (*names, *(keys or {}))}
    for column in table.needs:
        if column.lower() not in known:
            # A file without a header begins with values, which are nobody's to print.
            if not all(map(NAME.fullmatch, names)):
                raise Stop(
                    f"{where}: {table.name} has no column {column}, and no "
                    "header of column names; write one, or export the file again"
                )
            raise Stop(
                f"{where}: {table.name} has no column {column}; add or rename it, or say its name "
                f"in raw_columns (found: {', '.join(names)})"
            )


def check_types(
    table: Table,
    where: str,
    schema: Mapping[str, str],
    relation: str,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Take the types of the columns; raise Stop if a column can hold no times, or no exact ids."""
    check_exact(table, where, schema, relation, connection)
    for column in table.times:
        found = schema.get(column.lower(), "VARCHAR")
        if (
            found in ("VARCHAR", "BLOB", "JSON")
            or timestamps.is_time_type(found)
            or timestamps.is_number_type(found)
        ):
            continue
        # A column without any value has whatever type its writer chose.
        counted = f"select count({sql.name(column)}) from {relation}"
        if connection.execute(counted).fetchone() != (0,):
            raise Stop(
                f"{where}: {column} of {table.name} has the type {found}; "
                "expected a timestamp or ISO 8601 text"
            )


def check_exact(
    table: Table,
    where: str,
    schema: Mapping[str, str],
    relation: str,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Stop when a column of ids holds numbers that its type does not hold exactly."""
    for column in table.columns.values():
        found = schema.get(column.reads.lower(), "")
        if not column.is_id or found not in EXACT:
            continue
        value = sql.name(column.reads)
        (largest,) = connection.execute(
            f"select max(abs({value})) from {relation} where not isnan({value})"
        ).fetchone() or (None,)
        # The next whole number is stored as the limit itself.
        if largest is not None and largest >= EXACT[found]:
            raise Stop(
                f"{where}: {column.reads} of {table.name} has the type {found}, which holds whole "
                f"numbers exactly only below {EXACT[found]:,}, and holds {largest:.0f}; export the "
                "ids as text or as whole numbers"
            )


def _judge_times(
    facts: Mapping[Table, Facts], warnings: list[str], reading: Reading
) -> Iterator[str]:
    """Yield the settings that would read more; Stop at a column of numbers."""
    for table, found in facts.items():
        for column, times in found.times.items():
            if reading.epoch and 2 * times.early > times.filled:
                warnings.append(
                    f"{table.name}: most values of {column} are before the year 2000 in "
                    f"{reading.epoch} since 1970; check raw_epoch"
                )
            if not times.unreadable:
                continue
            if times.is_numbers:
                raise Stop(f"{times.file}: {column} of {table.name} holds {times.looks_like}")
            said = f"{column} of {table.name} looks like {times.looks_like}"
            many = (
                "each value"
                if times.unreadable == times.filled
                else (f"{times.unreadable:,} of {times.filled:,} values")
            )
            warnings.append(f"{times.file}: {said}; {many} cannot be read")
            yield said
    zoned, naive = _offsets(facts, reading)
    if zoned and naive:
        warnings.append(
            f"times with an offset ({', '.join(zoned)}) beside times without ({', '.join(naive)}): "
            "those without are taken as UTC; if they are local, set raw_timezone"
        )
        yield f"raw_timezone, if {', '.join(naive)} are local times"
    elif naive:
        yield f"raw_timezone, if these are local: {', '.join(naive)} have no offset, and are UTC"


def _offsets(
    facts: Mapping[Table, Facts], reading: Reading
) -> tuple[dict[str, int], dict[str, int]]:
    """The time columns that say where their clocks stand, and those that do not, with their rows.

    Of another system's tables a timestamp without a zone is UTC, as the system has it.
    """
    zoned: dict[str, int] = {}
    naive: dict[str, int] = {}
    for table, found in facts.items():
        for column, times in found.times.items():
            name = f"{table.name}.{column}"
            if times.zoned:
                zoned[name] = times.zoned
            if times.naive and not reading.timezone and (times.is_text or table.source == CONTRACT):
                naive[name] = times.naive
    return zoned, naive


def _faults(facts: Mapping[Table, Facts]) -> Iterator[str]:
    """A line for each file with lines that are no rows."""
    for found in facts.values():
        by_file: dict[str, list[Fault]] = {}
        for file, fault in found.faults:
            by_file.setdefault(file, []).append(fault)
        for file, faults in by_file.items():
            kinds = Counter(fault.reason for fault in faults)
            said = ", ".join(f"{reason} {count:,}" for reason, count in kinds.most_common())
            lines = ", ".join(str(fault.line) for fault in faults[:NAMED])
            advice = "".join(f"; {ADVICE[reason]}" for reason in kinds if reason in ADVICE)
            yield (
                f"{file}: {_lines(len(faults))} that cannot be read ({said}; line {lines}"
                f"{' …' if faults[NAMED:] else ''}); rejected{advice}"
            )


def _lines(count: int) -> str:
    return f"{count:,} {'line' if count == 1 else 'lines'}"


def _unreadable(facts: Mapping[Table, Facts], folder: Path | None) -> Iterator[UnreadableLine]:
    for table, found in facts.items():
        for file, fault in found.faults:
            name = file if folder is None else os.path.relpath(file, folder)
            yield UnreadableLine(table.name, name, fault.line, fault.reason)


def _columns_read(parts_of: Mapping[Table, Sequence[Part]]) -> Iterator[ColumnRead]:
    for table, parts in parts_of.items():
        for column in table.columns.values():
            found = (part.types.get(column.reads.lower()) for part in parts)
            types = tuple(dict.fromkeys(each for each in found if each))
            yield ColumnRead(table.name, column.name, column.reads, types)
