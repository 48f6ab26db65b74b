"""Read text files row by row, whatever is wrong with some of their lines.

DuckDB reads sound files much faster. What it does not read comes here: line ends that are mixed,
cells of many megabytes, a byte order mark, lines that are no row. A line that cannot be read is
told by its number and by the kind of fault, never by its text.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import duckdb

from containment.common.errors import Stop, one_line

WRONG_NUMBER, OPEN_QUOTE = "wrong_number_of_values", "open_quote"
NOT_UTF8, NO_OBJECT, KEY_TWICE = "not_utf8", "no_json_object", "key_twice"
MOST_TEXT = 2**26  # of one record: a quote that is left open must not load the rest of a file

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SURROGATE = re.compile("[\ud800-\udfff]")
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # what a spreadsheet writes first


@dataclass(frozen=True)
class Fault:
    """A line (counted from 1) that is no row, and why."""

    line: int
    reason: str


Row = list[str | None]


@contextmanager
def faults_said(path: Path) -> Iterator[None]:
    """Say in one line what is wrong with a file as a whole."""
    try:
        yield
    except UnicodeError:
        raise Stop(f"{path}: not the text of its byte order mark; save it as UTF-8") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise Stop(f"{path}: not a complete gzip file; export it again") from None
    except OSError as error:
        raise Stop(f"{path}: cannot be read ({one_line(error)})") from None


def encoding_of(path: Path) -> str:
    """UTF-8, or what the file's byte order mark says."""
    with _bytes(path) as stream:
        start = stream.read(4)
    return next((name for mark, name in BYTE_ORDER_MARKS if start.startswith(mark)), "utf-8")


def opened(path: Path, errors: str = "surrogateescape") -> IO[str]:
    """A text file, unpacked and decoded; a wrong byte is a lone surrogate unless `errors` says."""
    return io.TextIOWrapper(_bytes(path), encoding=encoding_of(path), errors=errors, newline="")


def _bytes(path: Path) -> IO[bytes]:
    return (
        cast(IO[bytes], gzip.open(path, "rb"))
        if path.name.lower().endswith(".gz")
        else path.open("rb")
    )


def is_damaged(value: str | None) -> bool:
    """Whether a text holds a wrong byte, or half of a character."""
    return value is not None and not value.isascii() and SURROGATE.search(value) is not None


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line."""
    return next(csv.reader([line], delimiter=delimiter), [])


# --- csv -----------------------------------------------------------------------------------------


def csv_rows(
    path: Path,
    delimiter: str,
    names: Sequence[str],
    wanted: Sequence[str],
    null_words: Sequence[str],
    faults: list[Fault],
) -> Iterator[Row]:
    """Take a csv file, its delimiter and all its columns, give the wanted ones of each row.

    Names are in lower case. A null word is null where it stands without quotes. Lines that are no
    row are added to `faults`. After one of them the next line is a row again, so that a quote which
    is left open costs its own line and no other.
    """
    csv.field_size_limit(2**31 - 1)
    places = [names.index(name) if name in names else None for name in wanted]
    with opened(path) as stream:
        lines = _Lines(stream)
        if SEPARATOR_LINE.fullmatch(lines.peek()):
            lines.skip()
        _record(lines, delimiter)  # the header
        while lines.peek():
            start = lines.number
            cells = _record(lines, delimiter)
            if cells == []:
                continue
            if cells is None or len(cells) != len(names):
                reason = OPEN_QUOTE if cells is None else WRONG_NUMBER
                if lines.number > start + 1:
                    lines.back_to(start + 1)
                faults.append(Fault(start, reason))
                continue
            row = [None if place is None else cells[place] for place in places]
            if any(map(is_damaged, row)):
                faults.append(Fault(start, NOT_UTF8))
                continue
            yield [
                None if not cell or (cell in null_words and not lines.hold(f'"{cell}"')) else cell
                for cell in row
            ]


class _Lines:
    """The lines of a file, of which the ones since the start of a record can be read again."""

    def __init__(self, stream: IO[str]) -> None:
        self._lines = iter(stream)
        self._again: list[str] = []
        self._since: list[str] = []
        self._since_number = 1
        self.number = 1  # of the line that comes next

    def peek(self) -> str:
        """The line that comes next; nothing at the end."""
        if not self._again:
            self._again = list(islice(self._lines, 1))
        return self._again[0] if self._again else ""

    def skip(self) -> None:
        self.peek()
        self._again = self._again[1:]
        self.number += 1

    def of_a_record(self) -> Iterator[str]:
        """The lines from here on."""
        self._since, self._since_number = [], self.number
        left = MOST_TEXT
        while left > 0 and self.peek():
            line = self._again[0]
            self._again = self._again[1:]
            self._since.append(line)
            left -= len(line)
            self.number += 1
            yield line

    def hold(self, text: str) -> bool:
        """Whether a text stands in the record that was read last."""
        return any(text in line for line in self._since)

    def back_to(self, number: int) -> None:
        """Read again from a line on that belongs to the record that was read last."""
        self._again = self._since[number - self._since_number :] + self._again
        self.number = number


def _record(lines: _Lines, delimiter: str) -> list[str] | None:
    """The cells of the next record; none of a blank line; None where a quote is left open."""
    reader = csv.reader(lines.of_a_record(), delimiter=delimiter, strict=True)
    try:
        cells = next(reader, None)
    except csv.Error:
        return None
    return cells if cells is not None else []


# --- JSON ----------------------------------------------------------------------------------------


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object, as often as they stand there."""


def json_lines(path: Path, wanted: Sequence[str], faults: list[Fault]) -> Iterator[Row]:
    """Take a file of one JSON object per line, give the wanted keys of each, in any case.

    Values are text as DuckDB has it: a number as it is written, an object as JSON.
    """
    with opened(path) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            row = _object_row(partial(_loads, line), wanted)
            if isinstance(row, str):
                faults.append(Fault(number, row))
            else:
                yield row


def json_document(path: Path, wanted: Sequence[str], faults: list[Fault]) -> Iterator[Row]:
    """Take a file with an array of objects, or with objects one after the other; give the same.

    The lines of faults are the objects' numbers. Stop when the whole cannot be read.
    """
    with opened(path) as stream:
        text = stream.read()
    try:
        values: Iterable[Any] = _values(text)
    except (ValueError, RecursionError):
        raise Stop(f"{path}: not readable JSON; export it again") from None
    for number, value in enumerate(values, start=1):
        row = _object_row(partial(_same, value), wanted)
        if isinstance(row, str):
            faults.append(Fault(number, row))
        else:
            yield row


def keys_of_lines(path: Path, most: int) -> list[tuple[int, list[str] | None]]:
    """The numbers and keys of the first lines that are not blank; None for no JSON object."""
    found: list[tuple[int, list[str] | None]] = []
    with opened(path) as stream:
        lines = ((number, line) for number, line in enumerate(stream, start=1) if line.strip())
        for number, line in islice(lines, most):
            try:
                value = _loads(line)
            except RecursionError:  # deeper than Python reads; DuckDB does
                found.append((number, _keys_of(line)))
                continue
            except ValueError:
                value = None
            found.append((number, [key for key, _ in value] if isinstance(value, _Pairs) else None))
    return found


def _keys_of(line: str) -> list[str] | None:
    try:
        (keys,) = duckdb.execute("select json_keys(cast(? as json))", [line]).fetchone() or ([],)
    except (duckdb.Error, UnicodeError):
        return None
    return keys or None


def keys_of_document(path: Path) -> list[str]:
    """The keys of a document's first object; Stop when it cannot be read."""
    with opened(path) as stream:
        text = stream.read()
    try:
        values = _values(text)
    except (ValueError, RecursionError):
        raise Stop(f"{path}: not readable JSON; export it again") from None
    return [key for key, _ in values[0]] if values and isinstance(values[0], _Pairs) else []


def _values(text: str) -> list[Any]:
    text = text.strip()
    decoder = json.JSONDecoder(object_pairs_hook=_Pairs, parse_float=_Number, parse_int=_Number)
    values, place = [], 0
    while place < len(text):
        value, place = decoder.raw_decode(text, place)
        values.append(value)
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
    if len(values) == 1 and isinstance(values[0], list) and not isinstance(values[0], _Pairs):
        return values[0]
    return values


class _Number(str):
    """A number as it is written."""


def _loads(line: str) -> Any:
    return json.loads(line, object_pairs_hook=_Pairs, parse_float=_Number, parse_int=_Number)


def _same(value: Any) -> Any:
    return value


def _object_row(read: Callable[[], Any], wanted: Sequence[str]) -> Row | str:
    """The wanted keys of an object, or why there are none."""
    try:
        pairs = read()
        if not isinstance(pairs, _Pairs):
            return NO_OBJECT
        found: dict[str, Any] = {}
        for key, value in pairs:
            name = key.lower()
            if name in wanted:
                if name in found:
                    return KEY_TWICE
                found[name] = value
        row = [_as_text(found.get(name)) for name in wanted]
    except (ValueError, RecursionError):
        return NO_OBJECT
    return NOT_UTF8 if any(map(is_damaged, row)) else row


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):  # NaN and the infinities, which are no JSON
        return str(value)
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, _Pairs):
        return {key: _plain(each) for key, each in value}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, _Number):
        return float(value) if any(char in value for char in ".eE") else int(value)
    return value
