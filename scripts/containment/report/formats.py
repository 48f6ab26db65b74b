"""How values are written for readers; the ending of a column's name says what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from containment.common import shown
from containment.query.units import HIGH, LOW, POINTS, RATES
from containment.query.units import percent as percent
from containment.query.units import points as points

NOTHING = "–"
# A column that says which row is the sum of all that have none of their own.
REST = "is_rest"
# Columns whose texts are the project's own words, and may be long.
WORDS = ("message", "sources", "infer_takeovers")
# What an ending says is said by the value itself, or by the heading's second word.
ENDINGS = {"_seconds": "", "_at": " (UTC)", "_sessions": "", "_count": "", "_id": ""}


@dataclass(frozen=True)
class Cell:
    """A value as it is shown. `share` (0 to 1) is the length of the bar behind it; `is_rest`: it
    names no value, but all those without a row."""

    text: str
    is_number: bool = False
    share: float | None = None
    is_rest: bool = False


@dataclass(frozen=True)
class Table:
    """Rows as they are shown."""

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], bar: str | None = None) -> Table:
    """Take a query's columns and rows, give them as shown; the two ends of an interval are one."""
    visible = [name for name in columns if not name.endswith((LOW, HIGH)) and name != REST]
    header: list[str] = []
    for name in visible:
        header.append(heading(name))
        if name + LOW in columns:
            header.append("95 % interval")
    cells = []
    for row in rows:
        named = dict(zip(columns, row, strict=True))
        line: list[Cell] = []
        for name in visible:
            value = named[name]
            share = float(value) if name == bar and value is not None else None
            is_rest = bool(named.get(REST)) and not line
            line.append(Cell(text(name, value), is_number(value), share, is_rest))
            if name + LOW in columns:
                of = interval_of_points if name.endswith(POINTS) else interval
                line.append(Cell(of(named[name + LOW], named[name + HIGH]), True))
        cells.append(line)
    return Table(header, cells)


def transposed(columns: Sequence[str], row: Sequence[Any]) -> Table:
    """Take one row, give a line for each of its columns."""
    lines = [
        [Cell(heading(name)), Cell(text(name, value))]
        for name, value in zip(columns, row, strict=True)
    ]
    return Table(("setting", "value"), lines)


def heading(column: str) -> str:
    """'median_wait_seconds' gives 'median wait'."""
    ending = next((end for end in ENDINGS if column.endswith(end)), "")
    return (column.removesuffix(ending) + ENDINGS.get(ending, "")).replace("_", " ")


def text(column: str, value: Any) -> str:
    """A value as readers see it; the column's ending gives its unit."""
    match value:
        case None:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
    if column.endswith(RATES):
        return f"{percent(value)} %"
    if column.endswith(POINTS):
        return f"{points(value)} points"
    if column.endswith("_seconds"):
        return duration(value)
    if isinstance(value, int):
        return f"{value:,}"
    return shown.line(str(value)) if column in WORDS else shown.shown(value)


def is_number(value: Any) -> bool:
    """Whether it stands to the right in its column; what is missing does, too."""
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def interval(low: float | None, high: float | None) -> str:
    """The two ends of an interval of a rate."""
    if low is None or high is None:
        return NOTHING
    return f"{percent(low)}–{percent(high)} %"


def interval_of_points(low: float | None, high: float | None) -> str:
    """The two ends of an interval of points."""
    if low is None or high is None:
        return NOTHING
    return f"{points(low)} to {points(high)}"


def duration(seconds: float) -> str:
    """'41 s', '5 min 3 s', '2 h 10 min', '3 d 4 h': the two greatest units, cut."""
    rest = int(seconds)
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    first = next((place for place, (_, size) in enumerate(units) if rest >= size), 3)
    parts: list[str] = []
    for unit, size in units[first : first + 2]:
        count, rest = divmod(rest, size)
        if count or not parts:
            parts.append(f"{count} {unit}")
    return " ".join(parts)
