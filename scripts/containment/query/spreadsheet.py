"""An answer as an .xlsx file, for people: each value keeps its type, and none can be executed.

Text is written as text, never as a formula or a link. What a spreadsheet would execute when the
cell is typed anew (=, +, -, @ first) has Excel's own mark for text, which changes no value.
"""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileSizeError, XlsxWriterException

from containment.common.errors import Stop, one_line
from containment.common.shown import CUT
from containment.query import units
from containment.query.units import Unit

SUFFIX = ".xlsx"
# What a sheet holds, its header among the rows.
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
MOST_CHARACTERS = 32_767  # of a cell, in units of UTF-16
MOST_DIGITS = 15  # of a number: a spreadsheet shows zeros for those that follow
YEARS = range(1901, 9999)  # their 1900 has a day too many, and what rounds up to 10000 is no date
WIDEST = 60  # characters of a column, at first
EXECUTED = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)  # wide ones, too
NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")  # control characters the library escapes
FORMATS = {datetime: "yyyy-mm-dd hh:mm:ss", date: "yyyy-mm-dd", time: "hh:mm:ss"}
# The cell holds the whole number. A spreadsheet rounds what it shows, so a rate has two decimals.
UNITS = {Unit.PERCENT: "0.00%", Unit.POINTS: "+0.0;-0.0;0.0"}
TOO_MUCH = "limit the question, or take --csv"


def write(file: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write rows to an .xlsx file and return how many; raise Stop if a sheet cannot hold them.

    An existing file is replaced only when all is written.
    """
    target = checked(file, SUFFIX, "a spreadsheet")
    if not columns:
        raise Stop(f"{file}: this gives no rows; ask with select, from, describe or summarize")
    if len(columns) > MOST_COLUMNS:
        raise Stop(
            f"{file}: {len(columns):,} columns, and a sheet holds {MOST_COLUMNS:,}; {TOO_MUCH}"
        )
    try:
        # Beside the target, so that the last step is a renaming; with all that is in between.
        with tempfile.TemporaryDirectory(prefix=".containment-", dir=target.parent) as folder:
            unfinished = Path(folder, "answer")
            count = _written(file, unfinished, columns, rows)
            os.replace(unfinished, target)
    except FileSizeError:
        raise Stop(f"{file}: larger than a spreadsheet may be; {TOO_MUCH}") from None
    except (OSError, XlsxWriterException) as error:
        reason = one_line(error.__context__ if error.__context__ else error)
        raise Stop(
            f"{file}: cannot be written ({reason}); make it writable, or name another file"
        ) from None
    return count


def checked(file: Path, suffix: str, what: str) -> Path:
    """Take where an answer is to be written, give the file itself; Stop where it can be none."""
    target = Path(os.path.realpath(file))  # a link stays one
    if file.suffix.lower() != suffix:
        raise Stop(f"{file}: not the name of {what}; name it {file.stem or 'answer'}{suffix}")
    if target.exists() and not target.is_file():
        raise Stop(f"{file}: exists, but is not a file; name another one")
    if not target.parent.is_dir():
        raise Stop(f"{target.parent}: no such folder; make it, or name another file")
    return target


def _written(
    file: Path, unfinished: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    # A row at a time, so that memory does not grow with the answer; its files are in our folder.
    book = xlsxwriter.Workbook(
        str(unfinished), {"constant_memory": True, "tmpdir": str(unfinished.parent)}
    )
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{MOST_ROWS}"})
    formats = {kind: book.add_format({"num_format": form}) for kind, form in FORMATS.items()}
    of_units = {unit: book.add_format({"num_format": form}) for unit, form in UNITS.items()}
    numbers = [of_units.get(units.of(name)) for name in columns]
    marked = book.add_format({"quote_prefix": True})
    heads = {mark: book.add_format({"bold": True, "quote_prefix": mark}) for mark in (False, True)}
    widths = [len(name) + 3 for name in columns]  # with the button of the filter
    for place, name in enumerate(columns):
        sheet.write_string(0, place, _text(name), heads[name.startswith(EXECUTED)])
    count = 0
    for row in rows:
        count += 1
        if count >= MOST_ROWS:
            raise Stop(f"{file}: more than the {MOST_ROWS - 1:,} rows of a sheet; {TOO_MUCH}")
        for place, value in enumerate(row):
            cell = _cell(value)
            if cell is None:
                continue
            if isinstance(cell, str):
                mark = marked if cell.startswith(EXECUTED) else None
                sheet.write_string(count, place, cell, mark)
            elif isinstance(cell, bool):
                sheet.write_boolean(count, place, cell)
            elif isinstance(cell, (int, float)):
                of_name = numbers[place] if isinstance(value, (float, Decimal)) else None
                sheet.write_number(count, place, cell, of_name)
            else:
                sheet.write_datetime(count, place, cell, formats[type(cell)])
            widths[place] = max(widths[place], len(str(cell)) + 1)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, min(width, WIDEST))
    sheet.autofilter(0, 0, count, len(columns) - 1)
    book.close()
    return count


def _cell(value: Any) -> str | bool | int | float | datetime | date | time | None:
    """A value as a cell holds it: of its type where that keeps it exact, else as text."""
    match value:
        case None | bool():
            return value
        case str():
            return _text(value)
        case int():
            return value if abs(value) < 10**MOST_DIGITS else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return float(value) if _is_short(value) else str(value)
        case datetime():  # times are UTC, and say no zone
            plain = value.astimezone(timezone.utc).replace(tzinfo=None) if value.tzinfo else value
            return plain if plain.year in YEARS else plain.isoformat(sep=" ")
        case date():
            return value if value.year in YEARS else value.isoformat()
        case time():
            return value if value.tzinfo is None else value.isoformat()
        case timedelta():
            return str(value)
        case list() | tuple() | dict():
            return _text(_json(value))
        case bytes():
            return _text(value.hex())
    return _text(str(value))


def _is_short(value: Decimal) -> bool:
    return value.is_finite() and len(value.as_tuple().digits) <= MOST_DIGITS


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except TypeError:  # of a map whose keys are no text
        return str(value)


def _text(value: str) -> str:
    """A text that a cell can hold: what XML has no letter for is escaped, the rest cut with …."""
    few = value[: MOST_CHARACTERS + 1]
    plain = NO_XML.sub(lambda found: found[0].encode("unicode_escape").decode(), few)
    units = plain.encode("utf-16-le")
    if len(units) <= 2 * MOST_CHARACTERS:
        return plain
    return units[: 2 * (MOST_CHARACTERS - 1)].decode("utf-16-le", "ignore") + CUT
