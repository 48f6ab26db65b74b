"""The kit for Power BI and Excel: measures in DAX, relationships, and a dictionary of the columns.

The measures stand on the marts that hold the counts of a day, where there are some: SUM and DIVIDE
are all that they need.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from containment.bi.marts import Mart, relationships
from containment.common.errors import Stop
from containment.query.metrics import Metric

DICTIONARY = ("mart", "column", "type", "how_it_adds_up", "description")
RELATIONSHIP = ("from_mart", "from_column", "to_mart", "to_column", "cardinality", "cross_filter")
# The mart with a model's counts, one row a day and group; where its column has another name.
COUNTED_IN = {"sessions": "containment_daily", "segments": "demand"}
COLUMNS = {
    "bot_involved_contacts": "bot_involved_sessions",
    "automated_contacts": "automated_sessions",
}
# A count or a sum over the rows where one column has one of some values.
WHERE = re.compile(
    r"case when (?P<column>\w+) (?P<operator>=|<>|in) (?P<values>'[^']*'|\([^)]*\)) "
    r"then (?P<value>\w+)(?: else 0)? end"
)
HEAD = """\
// Measures of the semantic layer, for Power BI and for Excel's data model.
// Power BI Desktop: paste into the DAX query view, run, then "Update model with changes".
// Tables have the names of the marts: import published/parquet, one table a mart.
// Format rates as percentages. Never drag a rate column into a visual: it would be averaged.
DEFINE
"""


def measures(known: Mapping[str, Metric]) -> str:
    """The metrics as DAX, in the order in which they build on each other."""
    lines = [HEAD]
    for name, metric in known.items():
        lines.append(f"    // {metric.description}")
        lines.append(f"    MEASURE '{_table(metric)}'[{metric.label}] = {_dax(known, name)}\n")
    rows = ", ".join(f'"{name}", [{known[name].label}]' for name in list(known)[:1])
    return "\n".join([*lines, "EVALUATE", f"    ROW({rows})", ""])


def dictionary(marts: Mapping[str, Mart]) -> Iterator[Sequence[str]]:
    """Yield a row for each column of each mart."""
    for mart in marts.values():
        for column in mart.columns:
            yield mart.name, column.name, column.type, column.use, column.description


def files(known: Mapping[str, Metric], marts: Mapping[str, Mart]) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each file."""
    pairs = ((*each, "many to one", "single") for each in relationships(marts))
    yield "dictionary.csv", _csv(DICTIONARY, dictionary(marts))
    yield "relationships.csv", _csv(RELATIONSHIP, pairs)
    yield "measures.dax", measures(known)


def _table(metric: Metric) -> str:
    mart = metric.model.mart.removesuffix("_wide")
    return mart if metric.name.startswith("median_") else COUNTED_IN.get(mart, mart)


def _dax(known: Mapping[str, Metric], name: str) -> str:
    metric = known[name]
    inputs = [f"[{known[each].label}]" for each in metric.inputs if each in known]
    if metric.kind == "ratio":
        return "DIVIDE({}, {})".format(*inputs)
    if metric.kind == "derived":
        return _formula(metric.formula, dict(zip(metric.inputs, inputs, strict=True)))
    function, value = metric.model.measures[metric.inputs[0]]
    table = _table(metric)
    if function == "median":
        return f"MEDIAN('{table}'[{value}])"
    if table in COUNTED_IN.values():
        return f"SUM('{table}'[{COLUMNS.get(name, name)}])"
    found = WHERE.fullmatch(" ".join(value.split()))
    if found is None:
        raise Stop(f"metric {name}: not to be said in DAX; give a mart a column with its counts")
    values = found["values"].replace("'", '"')
    condition = f"'{table}'[{found['column']}] {found['operator'].upper()} "
    condition += f"{{{values[1:-1]}}}" if found["operator"] == "in" else values
    column = found["value"]
    summed = f"COUNTROWS('{table}')" if column == "1" else f"SUM('{table}'[{column}])"
    return f"CALCULATE({summed}, {condition})"


def _formula(written: str, inputs: Mapping[str, str]) -> str:
    """A formula of counts in DAX: an interval's bound. It asks for a denominator above 0 first."""
    text = re.sub(r"nullif\((\w+), 0\)", r"\1", written)
    text = re.sub(r"^case when (.+?) then (.+) end$", r"IF(\1, \2)", text)
    for ours, theirs in (("greatest(", "MAX("), ("least(", "MIN("), ("sqrt(", "SQRT(")):
        text = text.replace(ours, theirs)
    return re.sub(rf"\b({'|'.join(inputs)})\b", lambda found: inputs[found[0]], text)


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    return text.getvalue()
