"""Charts in Vega-Lite (charts.yml): drawn here as SVG, and by the page's script once more.

vl-convert draws without a browser and without a network, and holds the library for the script.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert
import yaml

from containment.common.shown import shown

Rows = Sequence[Mapping[str, Any]]  # of a query: column to value

FILE = Path(__file__).with_name("charts.yml")
SHARED = "shared"  # what the charts of the file have in common
VERSION = "6.4"  # of Vega-Lite
CLIP = re.compile(r"\bclip\d+\b")
WIDTH = 880  # of an SVG, which is stretched to the page
MARKS = ("window", "releases", "signals", "targets")  # what stands on the trend beside its rows


@dataclass(frozen=True)
class Chart:
    """A chart as charts.yml has it. `said`: what it shows, for those who do not see it."""

    name: str
    title: str
    said: str
    spec: Mapping[str, Any]


@cache
def declared() -> Mapping[str, Sequence[Chart]]:
    """Give the charts of each section."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        section: tuple(Chart(f"{section}-{place}", **each) for place, each in enumerate(charts))
        for section, charts in content.items()
        if section != SHARED
    }


def svg(chart: Chart, rows: Rows, marks: Mapping[str, Rows]) -> str:
    """Take the rows of a section and the marks of the trend, give the SVG of one of its charts."""
    datasets = {"rows": plain(rows), **{name: plain(marks.get(name, ())) for name in MARKS}}
    # The reader's letters may be wider than those that vl-convert measures.
    padding = {"left": 24, "right": 12, "top": 4, "bottom": 4}
    spec = {**chart.spec, "width": WIDTH, "padding": padding, "datasets": datasets}
    drawn = str(vl_convert.vegalite_to_svg(spec, vl_version=VERSION))
    # vl-convert counts its clips on from chart to chart: ids of our own, for the same bytes.
    places = {name: place for place, name in enumerate(dict.fromkeys(CLIP.findall(drawn)))}
    drawn = CLIP.sub(lambda clip: f"{chart.name}-clip{places[clip[0]]}", drawn)
    # What it shows is said by what it stands in.
    return drawn.replace("<svg ", '<svg aria-hidden="true" ', 1)


def plain(rows: Rows) -> list[dict[str, Any]]:
    """Give rows as JSON has them; texts as they are shown."""
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def library() -> str:
    """Give the script that draws the same charts in a browser; it sets window.vegaEmbed."""
    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VERSION))


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return shown(value) if isinstance(value, str) else value
