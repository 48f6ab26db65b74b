"""The dashboard of the Superset kit: where the charts stand, and its filters."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from containment.bi.charts import CHARTS, COLOURS, WARNINGS, Chart

VERSION = "1.0.0"  # of Superset's form
SPACE = uuid.UUID("6f2c1a52-6a0e-5d0c-9a52-0d1b5f6b7c11")
FILTERS = ("source", "brand", "channel", "bot_id")  # beside the days
COLUMNS = 12  # of a row
SAYS = (
    "Rates are sums over sums, so that every filter leaves them right. Numbers are those of "
    "`scripts/query --metric`; the report cuts rates where this page rounds them."
)


def identity(kind: str, name: str) -> str:
    """The id of a thing of the kit."""
    return str(uuid.uuid5(SPACE, f"{kind}/{name}"))


def described() -> dict[str, Any]:
    """The dashboard in Superset's form."""
    number = {chart.name: place for place, chart in enumerate(CHARTS, start=1)}
    without = {
        name: [number[chart.name] for chart in CHARTS if not _has(chart, name)] for name in FILTERS
    }
    return {
        "dashboard_title": "Containment",
        "description": SAYS,
        "slug": "containment",
        "published": True,
        "position": _position(number),
        "metadata": {
            "cross_filters_enabled": True,
            "color_scheme": "supersetColors",
            "label_colors": dict(COLOURS),
            "native_filter_configuration": [
                _filter("days", "Days", "filter_time", {}, [number[WARNINGS]]),
                *(_select(name, without[name]) for name in FILTERS),
            ],
        },
        "uuid": identity("dashboard", "containment"),
        "version": VERSION,
    }


def _has(chart: Chart, name: str) -> bool:
    """Whether a filter of the dashboard is one of the chart's dataset, too."""
    of_mart = {"sessions": FILTERS, "segments": FILTERS[:3], "claims_audited": FILTERS[:1]}
    return name in of_mart.get(chart.mart, FILTERS[:1])


def _select(name: str, without: list[int]) -> dict[str, Any]:
    target = {"column": {"name": name}, "datasetUuid": identity("dataset", "sessions")}
    label = "First bot" if name == "bot_id" else name.capitalize()
    return _filter(name, label, "filter_select", target, without) | {
        "controlValues": {"multiSelect": True, "enableEmptyFilter": False}
    }


def _filter(
    name: str, label: str, kind: str, target: Mapping[str, Any], without: list[int]
) -> dict[str, Any]:
    return {
        "id": f"NATIVE_FILTER-{name}",
        "name": label,
        "filterType": kind,
        "type": "NATIVE_FILTER",
        "targets": [dict(target)],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": without},
        "controlValues": {},
        "defaultDataMask": {"extraFormData": {}, "filterState": {}},
        "cascadeParentIds": [],
    }


def _position(number: Mapping[str, int]) -> dict[str, Any]:
    rows: list[list[Chart]] = [[]]
    for chart in CHARTS:
        if sum(each.width for each in rows[-1]) + chart.width > COLUMNS:
            rows.append([])
        rows[-1].append(chart)
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": "Containment"}},
    }
    names = [f"ROW-{place}" for place, _ in enumerate(rows, start=1)]
    grid = {"id": "GRID_ID", "type": "GRID", "parents": ["ROOT_ID"], "children": names}
    position["GRID_ID"] = grid
    for name, charts in zip(names, rows, strict=True):
        position[name] = {
            "id": name,
            "type": "ROW",
            "parents": ["ROOT_ID", "GRID_ID"],
            "children": [f"CHART-{chart.name}" for chart in charts],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for chart in charts:
            position[f"CHART-{chart.name}"] = {
                "id": f"CHART-{chart.name}",
                "type": "CHART",
                "parents": ["ROOT_ID", "GRID_ID", name],
                "children": [],
                "meta": {
                    "chartId": number[chart.name],
                    "uuid": identity("chart", chart.name),
                    "sliceName": chart.title,
                    "width": chart.width,
                    "height": chart.height,
                },
            }
    return position
