"""An answer as a table for people: rates in percent, as wide as the terminal, no number trimmed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from containment.common import sql
from containment.common.shown import CUT, LONGEST_LINE, printable
from containment.query import units
from containment.query.units import Unit

NOTHING = "NULL"
LEAST = 8  # characters that a text keeps
FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")
NUMBERS = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", *FRACTIONS),
)
ALWAYS = ("DATE", "TIME", "BOOLEAN", "INTERVAL")  # like a number, shown whole or not at all


@dataclass(frozen=True)
class Column:
    """A column as it is shown: its cells are text, without control characters."""

    name: str
    kind: str  # DuckDB's type, or the unit
    cells: Sequence[str]
    is_number: bool
    is_trimmed: bool  # if there is no room

    @property
    def words(self) -> list[str]:
        """The name in the pieces that it may be broken into."""
        first, *rest = self.name.split("_")
        return [first, *(f"_{word}" for word in rest)]

    @property
    def widest_cell(self) -> int:
        """The widest of the cells."""
        return max(map(width_of, self.cells), default=0)

    def least(self, *, whole_words: bool) -> int:
        """The narrowest that it can be: with the words of its name whole, or not."""
        cells = min(self.widest_cell, LEAST) if self.is_trimmed else self.widest_cell
        words = map(width_of, self.words)
        return max(cells, width_of(self.kind), *(words if whole_words else (LEAST,)))


def columns(answer: duckdb.DuckDBPyRelation, most: int | None) -> tuple[list[Column], bool]:
    """Take what DuckDB answers, give it as shown, and whether there are more rows than `most`."""
    kinds = [str(kind) for kind in answer.types]
    asked = answer.project(
        ", ".join(
            f"{_value(place, kind, name)} as {sql.name(name)}"
            for place, (kind, name) in enumerate(zip(kinds, answer.columns, strict=True), start=1)
        )
    )
    rows = (asked if most is None else asked.limit(most + 1)).fetchall()
    shown = rows if most is None else rows[:most]
    return [
        _column(name, kind, [row[place] for row in shown])
        for place, (name, kind) in enumerate(zip(answer.columns, kinds, strict=True))
    ], len(rows) > len(shown)


def lines(shown: Sequence[Column], room: int | None) -> Iterator[str]:
    """Take columns, yield the lines of their table, none wider than `room` (None: any width).

    First ids are trimmed, then other texts, then names are broken, at their underscores if that is
    enough. What still does not fit is written one below the other, a block for each row.
    """
    widths = [max(width_of(each.name), width_of(each.kind), each.widest_cell) for each in shown]
    if room is not None:
        room -= 3 * len(shown) + 1
        ids = [place for place, each in enumerate(shown) if each.name.endswith("_id")]
        texts = [place for place, each in enumerate(shown) if each.is_trimmed]
        every = list(range(len(shown)))
        for places in ([each for each in ids if each in texts], texts, every):
            _narrow(widths, [each.least(whole_words=True) for each in shown], places, room)
        _narrow(widths, [each.least(whole_words=False) for each in shown], every, room)
        if sum(widths) > room:
            yield from _records(shown, room + 3 * len(shown) + 1)
            return
    yield from _table(shown, widths)


def width_of(text: str) -> int:
    """How many characters of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )


def _value(place: int, kind: str, name: str) -> str:
    """The SQL of a column's value: DuckDB writes all but what has a unit; megabytes are cut."""
    if kind.startswith(FRACTIONS) and units.of(name) is not Unit.PLAIN:
        return f"cast(#{place} as double)"
    text = f"cast(#{place} as varchar)"
    return (
        f"case when length({text}) > {LONGEST_LINE} "
        f"then left({text}, {LONGEST_LINE - 1}) || '{CUT}' else {text} end"
    )


def _column(name: str, kind: str, values: Sequence[Any]) -> Column:
    unit = units.of(name) if kind.startswith(FRACTIONS) else Unit.PLAIN
    known = [each for each in values if each is not None]
    if unit is Unit.PERCENT and all(map(units.is_rate, known)):
        written, said = [f"{units.percent(each)} %" for each in known], "percent"
    elif unit is Unit.POINTS:
        written, said = [units.points(each) for each in known], "points"
    else:
        written, said = [printable(str(each)) for each in known], kind.lower()
    cells = iter(written)
    is_number = kind.startswith(NUMBERS) and not kind.endswith("]")
    return Column(
        printable(name)[:LONGEST_LINE],
        said if len(said) <= 2 * LEAST else f"{said[: 2 * LEAST - 1]}{CUT}",
        [NOTHING if each is None else next(cells) for each in values],
        is_number,
        is_trimmed=not is_number and not kind.startswith(ALWAYS),
    )


def _narrow(widths: list[int], leasts: Sequence[int], places: Sequence[int], room: int) -> None:
    """Take from the widest of these columns, one character after the other, while it is needed."""
    while sum(widths) > room:
        wide = [place for place in places if widths[place] > leasts[place]]
        if not wide:
            return
        widths[max(wide, key=widths.__getitem__)] -= 1


def _table(shown: Sequence[Column], widths: Sequence[int]) -> Iterator[str]:
    def rule(left: str, middle: str, right: str) -> str:
        return left + middle.join("─" * (width + 2) for width in widths) + right

    def line(cells: Sequence[str]) -> str:
        return "│ " + " │ ".join(cells) + " │"

    heads = [_broken(each.words, width) for each, width in zip(shown, widths, strict=True)]
    yield rule("┌", "┬", "┐")
    for number in range(max(map(len, heads), default=0)):
        words = [head[number] if number < len(head) else "" for head in heads]
        yield line([_padded(word, width) for word, width in zip(words, widths, strict=True)])
    yield line([_padded(each.kind, width) for each, width in zip(shown, widths, strict=True)])
    yield rule("├", "┼", "┤")
    for row in zip(*(each.cells for each in shown), strict=True):
        yield line(
            [
                _padded(_cut(cell, width), width, to_right=each.is_number)
                for cell, each, width in zip(row, shown, widths, strict=True)
            ]
        )
    yield rule("└", "┴", "┘")


def _records(shown: Sequence[Column], room: int) -> Iterator[str]:
    names = max(width_of(each.name) for each in shown)
    for number, row in enumerate(zip(*(each.cells for each in shown), strict=True), start=1):
        yield f"── row {number} ".ljust(room, "─")
        for cell, each in zip(row, shown, strict=True):
            left = max(room - names - 2, LEAST) if each.is_trimmed else width_of(cell)
            yield f"{_padded(each.name, names)}  {_cut(cell, left)}".rstrip()


def _broken(words: Sequence[str], width: int) -> list[str]:
    """Words put together to lines of this width."""
    put = [""]
    for word in words:
        if put[-1] and width_of(put[-1] + word) > width:
            put.append("")
        put[-1] += word
        while width_of(put[-1]) > width:
            put[-1:] = [put[-1][:width], put[-1][width:]]
    return put


def _cut(text: str, width: int) -> str:
    if width_of(text) <= width:
        return text
    text = text[:width]
    while width_of(text) >= width:
        text = text[:-1]
    return text + CUT


def _padded(text: str, width: int, *, to_right: bool = False) -> str:
    room = " " * (width - width_of(text))
    return room + text if to_right else text + room
