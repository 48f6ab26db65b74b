"""The kit for Apache Superset, in the form of its own export: a folder of yaml, zipped to import.

Ids are made of names, so that the same kit gives the same files, and an import finds what an
earlier one brought. Metrics divide sums; columns that must not be put together are left out.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from containment.bi import dashboard
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
from containment.bi.dashboard import VERSION, identity
from containment.bi.marts import NEVER, TIMES, Column, Mart
from containment.common.places import MARTS
from containment.query import metrics
from containment.query.metrics import Metric

FOLDER = "containment"  # the first folder in the zip, which Superset drops
DATABASE = "containment"
SHAPES = {
    BIG_NUMBER: "big_number_total",
    LINE: "echarts_timeseries_line",
    BARS: "echarts_timeseries_bar",
    BAR: "echarts_timeseries_bar",
    TABLE: "table",
}
TYPES = {"string": "VARCHAR", "timestamp": "TIMESTAMP", "date": "DATE", "boolean": "BOOLEAN"}
PERCENT, NUMBER, SECONDS, AMOUNT = ".1%", ",d", ",.0f", ",.2f"
EVER, MOST_ROWS = "No filter", 1000


def files(
    known: Mapping[str, Metric], marts: Mapping[str, Mart], database: str
) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each file. database: its path, as Superset sees it."""
    used = {metric.model.mart: metric.model for metric in known.values()}
    yield "metadata.yaml", _yaml({"version": VERSION})  # of no type: all importers take it
    yield f"databases/{DATABASE}.yaml", _yaml(_database(database))
    for name, model in used.items():
        of_mart = [each for each in known if known[each].model.mart == name]
        mart = marts.get(name) or marts[metrics.NARROW]
        made = _dataset(known, of_mart, mart, model)
        yield f"datasets/{DATABASE}/{mart.name}.yaml", _yaml(made)
    yield f"datasets/{DATABASE}/{WARNINGS}.yaml", _yaml(_warnings())
    for chart in CHARTS:
        time = "" if chart.mart == WARNINGS else known[chart.metrics[0]].model.time
        yield f"charts/{chart.name}.yaml", _yaml(_chart(chart, time))
    yield "dashboards/containment.yaml", _yaml(dashboard.described())


def zipped(file: Path, made: Mapping[str, str]) -> None:
    """Write the files as the zip that Superset imports; the same files give the same bytes."""
    with zipfile.ZipFile(file, "w") as bundle:
        for path, text in made.items():
            bundle.writestr(zipfile.ZipInfo(f"{FOLDER}/{path}"), text)


def _database(path: str) -> dict[str, Any]:
    # A reader can do nothing but read: no other file of the server, no change of the publication.
    reading = {"read_only": True, "config": {"enable_external_access": False}}
    return {
        "database_name": DATABASE,
        "sqlalchemy_uri": f"duckdb:///{path}",
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {"engine_params": {"connect_args": reading}, "allows_virtual_table_explore": True},
        "uuid": identity("database", DATABASE),
        "version": VERSION,
    }


def _dataset(
    known: Mapping[str, Metric], names: Sequence[str], mart: Mart, model: metrics.Model
) -> dict[str, Any]:
    shown = [column for column in mart.columns if column.use != NEVER]
    # An attribute is a column of the publication that no yml describes.
    has = {column.name for column in mart.columns}
    shown += [
        Column(name, "string", "An attribute of your own.", "dimension")
        for name in model.dimensions
        if name not in has
    ]
    values = (
        column.name if value == column.name else f"{value} as {column.name}"
        for column in shown
        for value in [model.dimensions.get(column.name, column.name)]
    )
    text = ",\n    ".join(values)
    return _described_dataset(
        name=mart.name,
        description=f"{mart.description} Its metrics are sums over sums.",
        time=model.time,
        sql=f"select\n    {text}\nfrom {MARTS}.{model.mart}",
        columns=[_column(column) for column in shown],
        metrics=[_metric(known, name) for name in names],
    )


def _warnings() -> dict[str, Any]:
    words = ("source", "finding")
    columns = [
        {"column_name": name, "type": "VARCHAR" if name in words else "BIGINT", "groupby": True}
        for name in (*words, "row_count", "base_count")
    ]
    description = "One row per finding beyond its limit. Show them above every headline."
    return _described_dataset(WARNINGS, description, None, WARNINGS_SQL, columns, [])


def _described_dataset(
    name: str,
    description: str,
    time: str | None,
    sql: str,
    columns: list[dict[str, Any]],
    metrics: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "table_name": name,
        "main_dttm_col": time,
        "description": description,
        "schema": MARTS,
        "sql": sql,
        "filter_select_enabled": True,
        "metrics": metrics,
        "columns": columns,
        "uuid": identity("dataset", name),
        "database_uuid": identity("database", DATABASE),
        "version": VERSION,
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "column_name": column.name,
        "verbose_name": column.name.replace("_", " "),
        "type": TYPES.get(column.type, column.type.upper()),
        "is_dttm": column.type in TIMES,
        "groupby": column.type not in ("bigint", "double"),
        "filterable": True,
        "description": f"{column.description} (how it adds up: {column.use})",
    }


def _metric(known: Mapping[str, Metric], name: str) -> dict[str, Any]:
    metric = known[name]
    return {
        "metric_name": name,
        "verbose_name": metric.label,
        "expression": metrics.expression(known, name),
        "description": metric.description,
        "d3format": _format(metric),
    }


def _format(metric: Metric) -> str:
    """How d3 writes it: every metric that is made of others is a rate."""
    if metric.kind != "simple":
        return PERCENT
    function, value = metric.model.measures[metric.inputs[0]]
    if function == "median":
        return SECONDS
    return NUMBER if "then 1 else 0" in value else AMOUNT


def _chart(chart: Chart, time: str) -> dict[str, Any]:
    """The chart as its form keeps it, and the query of it for all who ask without the form."""
    params: dict[str, Any] = {"viz_type": SHAPES[chart.shape], "row_limit": MOST_ROWS}
    of_days = {"clause": "WHERE", "expressionType": "SIMPLE", "subject": time}
    of_days |= {"operator": "TEMPORAL_RANGE", "comparator": EVER}
    params["adhoc_filters"] = [of_days] if time else []
    rate = PERCENT if chart.metrics and "rate" in chart.metrics[0] else NUMBER
    if chart.only:
        params["adhoc_filters"] += [
            {"clause": "WHERE", "expressionType": "SIMPLE", "subject": name}
            | {"operator": "==", "comparator": value}
            for name, value in chart.only.items()
        ]
    if chart.shape == BIG_NUMBER:
        params |= {"metric": chart.metrics[0], "y_axis_format": rate}
    elif chart.shape == TABLE:
        raw = chart.mart == WARNINGS
        params["query_mode"] = "raw" if raw else "aggregate"
        params |= {"all_columns": list(chart.by) if raw else [], "order_desc": True}
        params["show_cell_bars"] = False
        params |= {"groupby": [] if raw else list(chart.by), "metrics": list(chart.metrics)}
        params |= {} if raw else {"timeseries_limit_metric": chart.metrics[0]}
    else:
        params |= {"metrics": list(chart.metrics), "groupby": [], "y_axis_format": rate}
        params |= {"x_axis": time if chart.is_in_time else chart.by[0], "rich_tooltip": True}
        params |= {"show_legend": len(chart.metrics) > 1, "legendType": "plain"}
        params |= {"truncate_metric": True}
        params |= {"stack": "Stack"} if chart.shape == BARS else {}
        params |= (
            {"time_grain_sqla": "P1W", "x_axis_time_format": "%Y-%m-%d"}
            if chart.is_in_time
            else {"x_axis_sort": chart.metrics[0], "x_axis_sort_asc": True}
        )
        params |= {"orientation": "horizontal"} if chart.shape == BAR else {}
    asked = {
        "datasource": {"id": 0, "type": "table"},  # Superset puts in its own
        "queries": [_query(chart, time)],
        "form_data": params,
        "result_format": "json",
        "result_type": "full",
    }
    return {
        "slice_name": chart.title,
        "description": chart.says,
        "viz_type": SHAPES[chart.shape],
        "params": params,
        "query_context": json.dumps(asked, indent=1),
        "uuid": identity("chart", chart.name),
        "dataset_uuid": identity("dataset", chart.mart),
        "version": VERSION,
    }


def _query(chart: Chart, time: str) -> dict[str, Any]:
    weeks = {"label": time, "sqlExpression": time, "expressionType": "SQL"}
    weeks |= {"columnType": "BASE_AXIS", "timeGrain": "P1W"}
    return {
        "columns": [weeks] if chart.is_in_time else list(chart.by),
        "metrics": list(chart.metrics),
        "filters": [
            *([{"col": time, "op": "TEMPORAL_RANGE", "val": EVER}] if time else []),
            *({"col": name, "op": "==", "val": value} for name, value in chart.only.items()),
        ],
        "orderby": [],
        "row_limit": MOST_ROWS,
    }


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Lists stand under their key, several lines are several lines, and nothing has an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)


def _yaml(made: Mapping[str, Any]) -> str:
    form = {"sort_keys": False, "width": 80, "allow_unicode": True}
    return str(yaml.dump(dict(made), Dumper=_Dumper, **form))
