"""Charts as SVG inside the page: drawn by pygal, coloured by the page's own style sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor
from typing import Any
from xml.etree import ElementTree

import pygal
from pygal.etree import etree
from pygal.style import Style

from containment.common.shown import shown
from containment.report.formats import percent

Rows = Sequence[Mapping[str, Any]]  # of a query: column to value
Chart = Callable[[Rows], "Drawing | None"]

# pygal takes lxml where that is installed, whose elements do not mix with the standard library's.
etree.to_etree()

MOST_LABELS = 8
MOST_LINES = 7  # as many as there are colours
MOST_DOTS = 62
# What a chart is sized by; colours and fonts are the page's (page.css).
FRAME = {
    "width": 960,
    "height": 340,
    "margin": 8,
    "css": [],
    "js": [],
    "style": Style(label_font_size=14, major_label_font_size=14),
    "show_legend": False,
    "truncate_label": -1,
    "show_minor_x_labels": False,
    "max_scale": 6,
}


@dataclass(frozen=True)
class Drawing:
    """An SVG element, its kind for the page's style sheet, and the names of its series."""

    kind: str
    svg: str
    series: Sequence[str]


def rate_over_time(rows: Rows) -> Drawing | None:
    """The rate of each period with its interval; what may still move is drawn hollow."""
    filled = [row for row in rows if row["closed_sessions"]]
    if not filled:
        return None
    low = min(row["containment_rate_low"] for row in filled)
    high = max(row["containment_rate_high"] for row in filled)
    chart = pygal.Line(
        **FRAME,
        **_labels([row["period_start_date"] for row in rows]),
        range=(floor(low * 10) / 10, ceil(high * 10) / 10),  # the axis ends at round numbers
        dots_size=3 if len(rows) <= MOST_DOTS else 2,
        value_formatter=_percent,
        allow_interruptions=True,
    )
    chart.add("contained / closed sessions, with 95 % interval", [_point(row) for row in rows])
    if any(row["is_provisional"] for row in filled):
        hollow = [row["containment_rate"] if row["is_provisional"] else None for row in rows]
        chart.add("provisional: may still move", hollow, stroke=False)
    if any(row["releases"] for row in filled):
        begun = [
            {"value": row["containment_rate"], "label": row["releases"]}
            if row["releases"]
            else None
            for row in rows
        ]
        chart.add("a release of a bot begins", begun, stroke=False, dots_size=6)
    latest = filled[-1]
    return _drawn(
        chart,
        "trend",
        f"Containment rate by {rows[0]['period_length']}, from {_day(rows[0])} to "
        f"{_day(rows[-1])}; the last one is {percent(latest['containment_rate'])} %. "
        "The table below has every value.",
    )


def outcomes_over_time(rows: Rows) -> Drawing | None:
    """How many sessions of each period ended how, one upon the other."""
    series = {
        "resolved": "resolved_sessions",
        "timed out": "timed_out_sessions",
        "escalated": "escalated_sessions",
        "open": "open_sessions",
    }
    most = max((sum(row[column] for column in series.values()) for row in rows), default=0)
    if not most:
        return None
    few = {"y_labels": range(most + 1)} if most < FRAME["max_scale"] else {}  # no half sessions
    chart = pygal.StackedBar(
        **FRAME,
        **_labels([row["period_start_date"] for row in rows]),
        **few,
        value_formatter=_count,
    )
    for name, column in series.items():
        chart.add(name, [int(row[column]) for row in rows])
    return _drawn(
        chart,
        "outcomes",
        f"Sessions by {rows[0]['period_length']} and outcome, from {_day(rows[0])} to "
        f"{_day(rows[-1])}. The table below has every value.",
    )


def rate_by_timeout(rows: Rows) -> Drawing | None:
    """A line for each channel over the timeouts."""
    minutes = sorted({row["timeout_minutes"] for row in rows})
    if not minutes:
        return None
    frame = {**FRAME, "show_minor_x_labels": True}
    chart = pygal.Line(
        **frame,
        x_labels=[_minutes(each) for each in minutes],
        range=(0.0, 1.0),
        dots_size=3,
        value_formatter=_percent,
        allow_interruptions=True,
    )
    # In the order of the query: all channels, the greatest, and the rest where they are few.
    # A line is made of the rows from one least timeout to the next: two may have the same name.
    lines: list[tuple[str, dict[int, float | None]]] = []
    last = None
    for row in rows:
        if last is None or row["timeout_minutes"] <= last:
            lines.append((shown(row["channel"]), {}))
        last = row["timeout_minutes"]
        lines[-1][1][last] = row["containment_rate"]
    for name, rates in lines[:MOST_LINES]:
        chart.add(name, [rates.get(each) for each in minutes])
    return _drawn(
        chart,
        "timeouts",
        "Containment rate under other timeouts, by channel. The table below has every value.",
    )


def _labels(days: Sequence[date]) -> dict[str, Any]:
    """Every day has a label; so many are shown that they can be read."""
    step = -(-len(days) // MOST_LABELS)
    shown = [day.isoformat() for day in days]
    return {"x_labels": shown, "x_labels_major": shown[::step]}


def _point(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row["containment_rate"] is None:
        return None
    ends = {"low": row["containment_rate_low"], "high": row["containment_rate_high"]}
    return {"value": row["containment_rate"], "ci": ends}


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{percent(rate)} %".replace(".0 %", " %")


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _minutes(value: int) -> str:
    for unit, size in (("d", 1440), ("h", 60)):
        if value % size == 0:
            return f"{value // size} {unit}"
    return f"{value} min"


def _day(row: Mapping[str, Any]) -> str:
    return str(row["period_start_date"].isoformat())


def _drawn(chart: Any, kind: str, said: str) -> Drawing:
    """Render for the inside of a page: no script, style or id. `said` is the text alternative."""
    root: ElementTree.Element = chart.render_tree()
    root.attrib.pop("id", None)
    root.set("role", "img")
    root.set("aria-label", said)
    for parent in list(root.iter()):
        for child in list(parent):
            # Comments and instructions have a function for a tag. pygal's own tips need a script.
            if not isinstance(child.tag, str) or child.tag in ("defs", "title"):
                parent.remove(child)
        _add_tip(parent)
    series = [settings["title"] for _, settings in chart.raw_series]
    return Drawing(kind, ElementTree.tostring(root, encoding="unicode"), series)


def _add_tip(parent: ElementTree.Element) -> None:
    """What pygal notes for its script becomes a title, which every browser shows by itself."""
    notes = {child.get("class"): child for child in parent.findall("desc")}
    for note in notes.values():
        parent.remove(note)
    if "value" in notes:
        said = (notes[name].text for name in ("x_label", "value") if name in notes)
        title = ElementTree.Element("title")
        title.text = ": ".join(part for part in said if part)
        parent.insert(0, title)
