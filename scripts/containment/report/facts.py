"""What the page's script needs beside the counts, and the marks on the chart over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import duckdb

from containment.query import analyses
from containment.report import charts, cubes, formats, tiles
from containment.report.charts import Rows
from containment.report.sections import OVERVIEW, QUERIES
from containment.report.tiles import View

RATE = "containment_rate"
RELEASES, NAMED_RELEASES = 12, 3  # on the chart over time; page.js has the same
FILTERS = ("source", "channel", "brand", "bot", "topic")


def span(connection: duckdb.DuckDBPyConnection, view: View) -> dict[str, Any]:
    """Give the first day that is drawn, and the days that are shown first: the last complete ones,
    or all where none is complete yet. None where there are no days."""
    query = (
        "select min(calendar_date), max(calendar_date), "
        "max(case when is_complete then calendar_date end) from marts.dates"
    )
    try:
        row = connection.execute(query).fetchone()
    except duckdb.CatalogException:  # a publication without days
        row = None
    first, newest, complete = row if row else (None, None, None)
    last = complete or newest
    begin = None if last is None else max(first, last - timedelta(days=view.days - 1))
    return {
        "first": first,
        "from": begin,
        "to": last,
        "days": 0 if begin is None else (last - begin).days + 1,
        "is_over": complete is not None,
        "has_earlier": begin is not None and first < begin,
    }


def rows(connection: duckdb.DuckDBPyConnection, name: str, view: View) -> list[dict[str, Any]]:
    """The rows of a query of no section; none where it cannot be asked."""
    try:
        query = analyses.render(QUERIES / f"{name}.sql", settings={"report_days": view.days})
        cursor = connection.execute(query)
    except (duckdb.CatalogException, duckdb.BinderException):  # an older publication
        return []
    columns = [column[0] for column in cursor.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def marks(
    connection: duckdb.DuckDBPyConnection, view: View, found: Mapping[str, Rows]
) -> dict[str, Rows]:
    """Take the rows of each section, give what stands on the trend beside its rows."""
    periods = found.get("over_time")
    if not periods:
        return {}
    first, last = periods[0]["period_start_date"], periods[-1]["period_start_date"]
    is_by_day = periods[0]["period_length"] == "day"
    begin = max(first, last - timedelta(days=view.days - 1))
    return {
        "window": [{"from_date": begin, "to_date": last}] if is_by_day else [],
        "targets": tiles.line(view.targets, first, last),
        "releases": _named(
            [
                row
                for row in rows(connection, "release_marks", view)
                if first <= row["started_date"] <= last
            ]
        ),
        "signals": [
            {**row, "rate": row["signal_rate"], "middle_date": _middle(row), "said": _said(row)}
            for row in found.get("signals", ())
            if row["dimension"] == "all"
            and row["rate_name"] == RATE
            and (is_by_day or row["period_kind"] == periods[0]["period_length"])
            and first <= row["period_start_date"] <= last
        ],
    }


def counts(
    connection: duckdb.DuckDBPyConnection,
    of: Mapping[str, Any],
    view: View,
    found: Mapping[str, Rows],
) -> dict[str, Any]:
    """Give what the page's script adds up again, as texts: `cubes` and `facts`; `folded`: which
    values have no counts of their own; `attributes`: those that have counts.
    Nothing where there are no days."""
    if of["to"] is None:
        return {}
    made, packed = cubes.encoded(connection)
    folded = cubes.folded(made)
    following = [section.name for section in OVERVIEW if section.follows and folded]
    facts = {
        "first": of["first"].isoformat(),
        "to": of["to"].isoformat(),
        "days": view.days,
        "releases": charts.plain(rows(connection, "release_marks", view)),
        "signals": charts.plain(found.get("signals", ())),
        "targets": charts.plain([vars(target) for target in view.targets]),
        "lost": _lost(connection, found.get("lost_sessions", ())),
        "timeouts": charts.plain(found.get("timeout_sensitivity", ())),
        # Where values are folded, the page's own rows say more than the counts.
        "usual": {name: charts.plain(found[name]) for name in following if name in found},
        "charts": {
            section: [chart.spec for chart in declared]
            for section, declared in charts.declared().items()
        },
    }
    return {
        "cubes": packed,
        "facts": cubes.packed(facts),
        "folded": folded,
        "attributes": cubes.attributes(made),
    }


def _middle(row: Mapping[str, Any]) -> date:
    start: date = row["period_start_date"]
    half: timedelta = (row["period_end_date"] - start) // 2
    return start + half


def _said(row: Mapping[str, Any]) -> str:
    rate = formats.percent(row["signal_rate"])
    if row["rule_name"] == "run_of_eight":
        centre = formats.percent(row["centre_rate"])
        side = f"the eighth in a row {row['direction']} the centre line, {centre} %"
    else:
        usual = formats.interval(row["usual_from_rate"], row["usual_to_rate"])
        side = f"{row['direction']} the usual {usual}"
    return f"{row['period_kind']}: {rate} %, {side}"


def _named(releases: Rows) -> list[dict[str, Any]]:
    """The newest releases as the chart marks them: so many lines, the last ones with a name."""
    marked = releases[-RELEASES:]
    return [
        {
            "started_date": row["started_date"],
            "release": f"{row['bot']} {row['bot_release']}",
            "is_named": place >= len(marked) - NAMED_RELEASES,
        }
        for place, row in enumerate(marked)
    ]


def _lost(
    connection: duckdb.DuckDBPyConnection, sessions: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What the filters ask of each lost session of the table, in its order."""
    places = {row["session_id"]: place for place, row in enumerate(sessions)}
    values: list[dict[str, list[str]]] = [
        {name: [row[name] or "none"] for name in FILTERS} for row in sessions
    ]
    query = (
        "select session_id, attribute, value from marts.session_attributes "
        "where list_contains(?, session_id) order by all"
    )
    for session, attribute, value in connection.execute(query, [list(places)]).fetchall():
        values[places[session]].setdefault(attribute, []).append(value)
    return {"days": [row["started_day"].isoformat() for row in sessions], "values": values}
