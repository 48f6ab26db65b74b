"""How values are written for readers; the ending of a column's name says what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from containment.common import shown
from containment.query.units import HIGH, LOW, POINTS
from containment.query.units import RATES as UNIT_RATES
from containment.query.units import percent as percent
from containment.query.units import points as points

NOTHING = "–"
RATES = (*UNIT_RATES, "_score")
AMOUNT = "_amount"
# A column that says which row is the sum of all that have none of their own.
REST = "is_rest"
HIDDEN = (REST, "place", "started_day", "period_end_date")
# Columns whose texts are the project's own words, and may be long.
WORDS = ("message", "sources", "infer_takeovers")
# Columns whose values are names of ours: stayed_contained is read as stayed contained.
NAMES = (
    *("outcome", "outcome_group", "step", "segment_kind", "verdict", "reason", "finding"),
    *("dimension", "rate_name", "rule_name", "reasons", "action_beyond_limit", "period_kind"),
)
LABELS = {
    "human_only": "people alone",
    "beyond_three_sigma": "outside its limits",
    "run_of_eight": "eight in a row",
}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# What an ending says is said by the value itself, or by the heading's second word.
ENDINGS = {"_seconds": "", "_at": " (UTC)", "_count": "", "_id": "", "_amount": ""}
HEADINGS = {
    "session_rate": "rate",
    "signal_rate": "rate",
    "usual_from_rate": "usual from",
    "usual_to_rate": "to",
    "centre_rate": "centre line",
    "rule_name": "signal",
    "period_start_date": "from",
    "containment_rate_change": "change",
    "impact": "impact in points",
    "escalated_session_share": "share",
    "durable_containment_rate_7d": "durable, 7 days",
    "answered_within_5_min_rate": "answered within 5 min",
    "csat_score_rate": "mean score",
    "dimension_value": "value",
    "iso_weekday": "weekday and hour",
    "closed_sessions_before": "closed before",
    "containment_rate_before": "rate before",
    "previous_step_share": "share of the step before",
    "segment_count": "segments",
    "conversation_count": "conversations",
    "claim_count": "claims",
    "people_sessions": "people",
    "again_sessions": "again",
    "nothing_sessions": "nothing",
    "known_sessions": "of sessions",
    "total_effect": "effect in points",
    "row_count": "rows",
}


@dataclass(frozen=True)
class Cell:
    """A value as it is shown. `below`: an interval, or a second name, in small letters. `share` (0
    to 1) is the length of the bar behind it; `is_rest`: it names no value, but all without a row.
    """

    text: str
    is_number: bool = False
    share: float | None = None
    is_rest: bool = False
    below: str = ""


@dataclass(frozen=True)
class Heading:
    """A column's heading; `key` and `kind` are for the page's script."""

    text: str
    key: str
    kind: str = "text"
    below: str = ""


@dataclass(frozen=True)
class Table:
    """Rows as they are shown; `names`: how many columns are one name in the first cell."""

    header: Sequence[Heading]
    rows: Sequence[Sequence[Cell]]
    names: Sequence[str] = ()


def table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], bar: str | None = None, names: int = 1
) -> Table:
    """Take a query's columns and rows, give them as shown: an interval stands below its rate, and
    the first `names` columns are one."""
    visible = [name for name in columns if not name.endswith((LOW, HIGH)) and name not in HIDDEN]
    first, further, others = visible[0], visible[1:names], visible[names:]
    header = [Heading(heading(first), first, below=", ".join(map(heading, further)))]
    for name in others:
        below = (
            ("95 % interval" if kind(name) != "amount" else "low to high")
            if (name + LOW in columns)
            else ""
        )
        header.append(Heading(heading(name), name, kind(name), below))
    cells = []
    for row in rows:
        named = dict(zip(columns, row, strict=True))
        below = " · ".join(text(name, named[name]) for name in further if named[name] is not None)
        line = [Cell(text(first, named[first]), is_rest=bool(named.get(REST)), below=below)]
        for name in others:
            value = named[name]
            share = float(value) if name == bar and value is not None else None
            below = ""
            if name + LOW in columns and value is not None:
                below = between(name, named[name + LOW], named[name + HIGH])
            is_numeric = kind(name) != "text" or is_number(value)
            line.append(Cell(text(name, value), is_numeric, share, below=below))
        cells.append(line)
    return Table(header, cells, visible[:names])


def kind(column: str) -> str:
    """What a column holds, as far as its name says it: rate, points, amount; else text."""
    if column.endswith(RATES):
        return "rate"
    if column.endswith(POINTS):
        return "points"
    return "amount" if column.endswith(AMOUNT) else "text"


def between(column: str, low: Any, high: Any) -> str:
    """The two ends of the interval of a column's value."""
    if low is None or high is None:
        return NOTHING
    if kind(column) == "amount":
        return f"{low:,.2f} to {high:,.2f}"
    return (interval_of_points if kind(column) == "points" else interval)(low, high)


def transposed(columns: Sequence[str], row: Sequence[Any]) -> Table:
    """Take one row, give a line for each of its columns."""
    lines = [
        [Cell(heading(name)), Cell(text(name, value))]
        for name, value in zip(columns, row, strict=True)
    ]
    return Table((Heading("setting", "setting"), Heading("value", "value")), lines)


def heading(column: str) -> str:
    """'median_wait_seconds' gives 'median wait'."""
    if column in HEADINGS:
        return HEADINGS[column]
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
    if column == "iso_weekday":
        return WEEKDAYS[value - 1]
    if column == "hour_of_day":
        return f"{value:02d}:00"
    match kind(column):
        case "rate":
            return f"{percent(value)} %"
        case "points":
            return points(value)
        case "amount":
            return f"{value:,.2f}"
    if column.endswith("_seconds"):
        return duration(value)
    if isinstance(value, int):
        return f"{value:,}"
    if column in NAMES:
        return LABELS.get(value, shown.shown(value).replace("_", " "))
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
