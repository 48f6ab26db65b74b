"""Counts per day for the page's script: what it adds up again when the reader chooses filters.

A cube is the result of analyses/report/cube_<name>.sql: a day, dimensions, counts. Its rows are
bounded: where there are too many, values with few sessions become one, the rest, until they fit.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from containment.common import sql
from containment.common.shown import shown
from containment.query import analyses
from containment.report.sections import QUERIES

DAY = "started_date"
DIMENSIONS = ("source", "channel", "brand", "bot", "value", "hour_of_day")
# How many values of a dimension keep their name in any case: those that a section lists.
LEAST = {"hour_of_day": 24, "value": 24}
TOPIC = "topic"
# How many values of a dimension keep their name, until the rows fit.
LEVELS = (400, 200, 100, 60, 40, 25, 16, 12, 8, 6, 4, 3, 2, 1, 0)
MOST_ROWS = {"sessions": 120_000, "contacts": 60_000, "escalations": 80_000, "hours": 60_000}
MOST_ROWS_OF_VALUES = 120_000  # of topic and all attributes together
MOST_BYTES = 1_800_000  # of all cubes, as they stand on the page
MOST_ATTRIBUTES = 8


@dataclass(frozen=True)
class Cube:
    """Counts in columns. A row's value of a dimension is its place in `values`; the place after the
    last is the rest, of `rest` values."""

    values: Mapping[str, Sequence[str]]
    rest: Mapping[str, int]
    columns: Mapping[str, Sequence[int]]


def encoded(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, Cube], str]:
    """Give the cubes of a publication, and their text for the page, which is bounded."""
    share = 1.0
    while True:
        cubes = _cubes(connection, share)
        text = packed({name: vars(cube) for name, cube in cubes.items()})
        if len(text) <= MOST_BYTES or share < 1e-3:
            return cubes, text
        share /= 2


def packed(content: Any) -> str:
    """JSON, compressed and in base64: the same bytes for the same content."""
    written = json.dumps(content, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    return base64.b64encode(gzip.compress(written.encode(), 6, mtime=0)).decode()


def _cubes(connection: duckdb.DuckDBPyConnection, share: float) -> dict[str, Cube]:
    cubes = {}
    for name, most in MOST_ROWS.items():
        cubes[name] = _cube(connection, _query(name), int(most * share))
    connection.execute(f"create or replace temp table every_value as {_query('values')}")
    attributes = [
        attribute
        for (attribute,) in connection.execute(
            "select distinct attribute from every_value order by attribute = ? desc, attribute",
            [TOPIC],
        ).fetchall()
    ][: MOST_ATTRIBUTES + 1]
    for attribute in attributes:
        is_of_it = f"attribute = {sql.text(attribute)}"
        of_it = f"select * exclude (attribute) from every_value where {is_of_it}"
        most = int(MOST_ROWS_OF_VALUES * share / len(attributes))
        cubes[f"by {attribute}"] = _cube(connection, of_it, most)
    return cubes


def _query(name: str) -> str:
    return analyses.render(QUERIES / f"cube_{name}.sql")


def _cube(connection: duckdb.DuckDBPyConnection, query: str, most_rows: int) -> Cube:
    connection.execute(f"create or replace temp table cube as {query}")
    described = connection.execute("select * from cube limit 0").description or ()
    columns = [column[0] for column in described]
    dimensions = [name for name in columns if name in DIMENSIONS]
    counts = [name for name in columns if name not in DIMENSIONS and name != DAY]
    size = "resolved + timed_out + escalated + open" if "resolved" in counts else counts[0]
    for name in dimensions:  # the place of each value, the greatest first
        connection.execute(
            f"create or replace temp table placed_{name} as select {name} as value, "
            f"row_number() over (order by sum({size}) desc, {name}) - 1 as place "
            f"from cube group by {name}"
        )
    joins = " ".join(
        f"join placed_{name} on cube.{name} = placed_{name}.value" for name in dimensions
    )
    for level in LEVELS:
        kept = {name: max(level, LEAST.get(name, 0)) for name in dimensions}
        places = ", ".join(
            f"least(placed_{name}.place, {kept[name]}) as {name}" for name in dimensions
        )
        (row_count,) = sql.one(
            connection, f"select count(*) from (select distinct {DAY}, {places} from cube {joins})"
        )
        if row_count <= most_rows:
            break
    sums = ", ".join(f"sum(cube.{name}) as {name}" for name in counts)
    summed = f"select {DAY}, {places}, {sums} from cube {joins} group by all"
    values, rest = {}, {}
    for name in dimensions:
        found = connection.execute(f"select value from placed_{name} order by place").fetchall()
        values[name] = [str(value) for (value,) in found[: kept[name]]]
        rest[name] = max(len(found) - kept[name], 0)
    order = ", ".join((DAY, *dimensions))
    rows = connection.execute(
        f"select date_diff('day', date '1970-01-01', {DAY}), * exclude ({DAY}) from ({summed}) "
        f"order by {order}"
    ).fetchall()
    found_columns = list(zip(*rows, strict=True)) or [()] * (1 + len(dimensions) + len(counts))
    named = dict(zip(("day", *dimensions, *counts), map(list, found_columns), strict=True))
    # Days as steps from the row before: small numbers.
    days = named["day"]
    named["day"] = [day - before for day, before in zip(days, [0, *days], strict=False)]
    return Cube(values, rest, {name: [int(each) for each in of] for name, of in named.items()})


def attributes(cubes: Mapping[str, Cube]) -> list[str]:
    """The attributes that have counts."""
    listed = [name.removeprefix("by ") for name in cubes if name.startswith("by ")]
    return [name for name in listed if name != TOPIC]


def folded(cubes: Mapping[str, Cube]) -> list[str]:
    """Say which values have no name of their own on the page."""
    return [
        f"{shown(name.removeprefix('by ')) if dimension == 'value' else dimension} ({count:,}) in "
        f"the counts of {shown(name.removeprefix('by '))}"
        for name, cube in cubes.items()
        for dimension, count in cube.rest.items()
        if count
    ]
