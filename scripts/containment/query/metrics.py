"""Metrics of the semantic layer as SQL over a publication, without MetricFlow.

The definitions are those that `mf` reads (semantic_models and metrics in models/marts/*.yml), so
names and results are the same; a test compares them. What is compiled here is what the project's
metrics need: counts, medians, ratios and formulas of these, over the rows of one mart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from containment.common.errors import Stop, nearest
from containment.common.places import MARTS, PROJECT
from containment.common.shown import quoted

GRAINS = ("day", "week", "month", "quarter", "year")
TIME = "metric_time"  # MetricFlow's name of a model's time
NARROW, WIDE = "sessions", "sessions_wide"  # the same rows; the one also has the attributes
DEFINES = re.compile("^(semantic_models|metrics):", re.MULTILINE)
ONE_OR_NONE = "then 1 else 0 end"  # so a measure counts rows
KNOWN = {"simple", "ratio", "derived"}


@dataclass(frozen=True)
class Model:
    """A semantic model: rows of a mart, what they can be grouped by, what can be made of them."""

    mart: str
    entity: str
    time: str
    dimensions: Mapping[str, str]  # name to SQL
    measures: Mapping[str, tuple[str, str]]  # name to aggregate function and SQL


@dataclass(frozen=True)
class Metric:
    """A metric, and the model whose rows it is made of."""

    name: str
    label: str
    description: str
    kind: str
    model: Model
    inputs: Sequence[str]  # the numerator and the denominator; the terms of a formula
    formula: str = ""


def load(project: Path = PROJECT) -> dict[str, Metric]:
    """The metrics that the project defines, by name."""
    models: dict[str, Model] = {}  # of each measure
    written: list[Mapping[str, Any]] = []
    metrics: dict[str, Metric] = {}
    for path in sorted((project / "models").rglob("*.yml")):
        text = path.read_text(encoding="utf-8")
        if DEFINES.search(text) is None:  # to parse every yml would take a second
            continue
        content = yaml.safe_load(text)
        written += content.get("metrics", [])
        for described in content.get("semantic_models", []):
            model = _model(described)
            for measure in described["measures"]:
                models[measure["name"]] = model
                if measure.get("create_metric"):
                    metrics[measure["name"]] = _simple(measure, model, measure["name"])
    for described in written:
        metric = _metric(described, models, metrics)
        metrics[metric.name] = metric
    return metrics


def with_attributes(metrics: Mapping[str, Metric], attributes: Sequence[str]) -> dict[str, Metric]:
    """Take the metrics and the attributes of a publication; those of sessions can go by them.

    An attribute is a column of sessions_wide. Several values of a session are one text there.
    """
    if not attributes:
        return dict(metrics)
    values = {name: f"coalesce({name}, 'none')" for name in attributes}
    models = {id(metric.model): metric.model for metric in metrics.values()}
    wide = {
        key: replace(model, mart=WIDE, dimensions={**model.dimensions, **values})
        if model.mart == NARROW
        else model
        for key, model in models.items()
    }
    return {name: replace(metric, model=wide[id(metric.model)]) for name, metric in metrics.items()}


def is_proportion(metric: Metric) -> bool:
    """Whether a ratio counts a part of what its denominator counts; a mean of scores does not."""
    values = [metric.model.measures[part] for part in metric.inputs]
    counts = [function == "count" or value.endswith(ONE_OR_NONE) for function, value in values]
    return metric.kind == "ratio" and all(counts)


def sql(
    metrics: Mapping[str, Metric],
    names: Sequence[str],
    by: Sequence[str] = (),
    where: str | None = None,
) -> str:
    """Return the query for metrics grouped by dimensions; raise Stop if a name is unknown.

    A dimension is `channel` or, as in MetricFlow, `session__channel`; a time is `week` or
    `metric_time__week`. `where` is a condition on dimensions. Columns are named as asked for.
    """
    asked = [known(metrics, name) for name in names]
    model = asked[0].model
    for metric in asked:
        if metric.model != model:
            raise Stop(
                f"{metric.name} is made of {metric.model.mart}, {asked[0].name} of {model.mart}; "
                "ask for them one after the other"
            )
        if metric.kind not in KNOWN:
            raise Stop(f"{metric.name} is {metric.kind}; that takes MetricFlow: mf query")
    groups = {name: dimension(model, name) for name in dict.fromkeys(by)}
    parts = _with_inputs(metrics, asked)
    measures = [name for name in parts if metrics[name].kind == "simple"]
    ratios = [name for name in parts if metrics[name].kind == "ratio"]
    days = {grain: dimension(model, grain) for grain in GRAINS}
    # In each expression a name means the mart's own column, also where an alias has that name.
    columns = {**days, **model.dimensions, **groups}
    columns |= {name: model.measures[metrics[name].inputs[0]][1] for name in measures}
    aggregates = [
        f"{model.measures[metrics[name].inputs[0]][0]}({name}) as {name}" for name in measures
    ]
    added = [
        "cast({} as double) / nullif({}, 0) as {}".format(*metrics[name].inputs, name)
        for name in ratios
    ]
    shown = [
        f"{metric.formula} as {metric.name}" if metric.kind == "derived" else metric.name
        for metric in asked
    ]
    return "\n".join(
        [
            "with described as (",
            f"    select {_list(f'{made} as {name}' for name, made in columns.items())}",
            f"    from {MARTS}.{model.mart}",
            "),",
            "counted as (",
            f"    select {_list([*groups, *aggregates])}",
            "    from described",
            *([f"    where {where}"] if where else []),
            # With nothing to group by, one row; with something, none where there are no rows.
            *([f"    group by {', '.join(groups)}"] if groups else []),
            "),",
            "ratios_added as (",
            f"    select {_list(['*', *added])}",
            "    from counted",
            ")",
            f"select {_list([*groups, *shown])}",
            "from ratios_added",
            *([f"order by {', '.join(groups)}"] if groups else []),
        ]
    )


def expression(metrics: Mapping[str, Metric], name: str) -> str:
    """Return a metric as one SQL expression over the rows of its mart, as BI tools take it.

    It divides sums, so that it is right for any group of rows. Raise Stop if that takes MetricFlow.
    """
    metric = known(metrics, name)
    if metric.kind == "simple":
        function, value = metric.model.measures[metric.inputs[0]]
        return f"{function}({value})"
    made = {each: expression(metrics, each) for each in metric.inputs}
    if metric.kind == "ratio":
        part, whole = (made[each] for each in metric.inputs)
        return f"cast({part} as double) / nullif({whole}, 0)"
    if metric.kind == "derived":
        return re.sub(
            rf"\b({'|'.join(made)})\b", lambda found: f"({made[found[0]]})", metric.formula
        )
    raise Stop(f"{name} is {metric.kind}; that takes MetricFlow: mf query")


def dimensions(metrics: Mapping[str, Metric]) -> list[str]:
    """What metrics can be grouped by."""
    models = {id(metric.model): metric.model for metric in metrics.values()}.values()
    return [*GRAINS, *dict.fromkeys(name for model in models for name in model.dimensions)]


def _model(described: Mapping[str, Any]) -> Model:
    kinds = {each["name"]: each for each in described["dimensions"]}
    return Model(
        mart=described["model"].split("'")[1],
        entity=described["primary_entity"],
        time=_expression(kinds[described["defaults"]["agg_time_dimension"]]),
        dimensions={
            name: _expression(each) for name, each in kinds.items() if each["type"] != "time"
        },
        measures={each["name"]: (each["agg"], _expression(each)) for each in described["measures"]},
    )


def _expression(described: Mapping[str, Any]) -> str:
    return str(described.get("expr", described["name"]))


def _simple(described: Mapping[str, Any], model: Model, measure: str) -> Metric:
    return Metric(
        described["name"],
        described.get("label", described["name"]),
        described.get("description", ""),
        "simple",
        model,
        (measure,),
    )


def _metric(
    described: Mapping[str, Any], models: Mapping[str, Model], metrics: Mapping[str, Metric]
) -> Metric:
    kind, parameters = described["type"], described["type_params"]
    formula = ""
    if kind == "simple":
        measure = _name(parameters["measure"])
        return _simple(described, models[measure], measure)
    if kind == "ratio":
        inputs = [_name(parameters["numerator"]), _name(parameters["denominator"])]
    elif kind == "derived":
        inputs = [_name(each) for each in parameters["metrics"]]
        formula = " ".join(parameters["expr"].split())
    else:
        inputs = []
    is_plain = "filter" not in described and all(inputs)
    return Metric(
        described["name"],
        described["label"],
        described.get("description", ""),
        kind if is_plain else f"a filtered or shifted {kind} metric",
        metrics[inputs[0]].model if inputs and inputs[0] else next(iter(models.values())),
        inputs,
        formula,
    )


def _name(written: str | Mapping[str, Any]) -> str:
    """The name of an input; none where more is asked of it (a filter, an offset, an alias)."""
    if isinstance(written, str):
        return written
    return written["name"] if set(written) == {"name"} else ""


def known(metrics: Mapping[str, Metric], name: str) -> Metric:
    """The metric of a name; raise Stop, which names the nearest, where there is none."""
    if name not in metrics:
        hint = nearest(name, list(metrics))
        raise Stop(f"no metric {quoted(name)}{hint} (scripts/query --list names them)")
    return metrics[name]


def dimension(model: Model, name: str) -> str:
    """The SQL of a dimension or a time, under its short name or MetricFlow's; Stop if unknown."""
    short = name.removeprefix(f"{model.entity}__")
    grain = short.removeprefix(f"{TIME}__").removeprefix(f"{model.time}__")
    if short in (TIME, model.time):
        grain = "day"
    if grain in GRAINS:
        return f"cast(date_trunc('{grain}', {model.time}) as date)"
    if short not in model.dimensions:
        hint = nearest(short, [*GRAINS, *model.dimensions])
        raise Stop(f"no dimension {quoted(name)}{hint} (scripts/query --list names them)")
    return model.dimensions[short]


def _with_inputs(metrics: Mapping[str, Metric], asked: Sequence[Metric]) -> list[str]:
    """The names of metrics and of all that they are made of."""
    found: dict[str, None] = {}
    for metric in asked:
        if metric.kind != "simple":
            inputs = [metrics[name] for name in metric.inputs]
            found |= dict.fromkeys(_with_inputs(metrics, inputs))
        found[metric.name] = None
    return list(found)


def _list(items: Any) -> str:
    return ",\n        ".join(items)
