"""The kit for Metabase: each chart of the dashboard as a question in SQL, with its filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from containment.bi.charts import (
    BAR,
    BARS,
    BIG_NUMBER,
    CHARTS,
    LINE,
    TABLE,
    WARNINGS,
    WARNINGS_SQL,
    Chart,
)
from containment.query import metrics
from containment.query.metrics import Metric

SHAPES = {BIG_NUMBER: "Number", LINE: "Line", BARS: "Bar, stacked", BAR: "Row", TABLE: "Table"}
FILTERS = ("source", "channel")  # every mart with metrics has one, or both


def files(known: Mapping[str, Metric]) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each question."""
    for chart in CHARTS:
        yield f"{chart.name}.sql", _question(chart, known)


def _question(chart: Chart, known: Mapping[str, Metric]) -> str:
    lines = [f"-- {chart.title}", f"-- {chart.says}", f"-- Chart: {SHAPES[chart.shape]}."]
    if chart.mart == WARNINGS:
        return "\n".join([*lines, WARNINGS_SQL, ""])
    lines.append(
        "-- A line in [[ ]] counts once its variable (Text) has a value: 2026-01-31, chat."
    )
    by = ["week"] if chart.is_in_time else list(chart.by)
    names = [name for name in FILTERS if name in known[chart.metrics[0]].model.dimensions]
    only = [f"and {name} = '{value}'" for name, value in chart.only.items()]
    where = [
        "true",
        *only,
        "[[and day >= cast({{from_day}} as date)]]",
        "[[and day <= cast({{to_day}} as date)]]",
        *(f"[[and {name} = {{{{{name}}}}}]]" for name in names),
    ]
    return "\n".join([*lines, metrics.sql(known, chart.metrics, by, "\n        ".join(where)), ""])
