"""What the publication that readers have said, beside which data_quality lays the new build."""

from __future__ import annotations

import duckdb

from containment.common import sql
from containment.common.console import warn
from containment.common.errors import one_line
from containment.common.places import DATABASE, Home
from containment.publish import publish
from containment.runs import judge
from containment.runs.history import COPIES, RUNS
from containment.runs.run import Run
from containment.settings.settings import Settings

USED_ROWS, DAYS = "night_last_used_rows", "night_last_days"
TABLES = {
    USED_ROWS: {"source": "varchar", "table_name": "varchar", "rows_used": "bigint"},
    DAYS: {
        "started_date": "date",
        "rules_version": "varchar",
        "as_of": "timestamp",
        "closed_sessions": "bigint",
        "contained_sessions": "bigint",
    },
}
SEEN = "seen"  # the name under which that publication is attached

# Days that were over, and without an open session: what later nights add to others is no jump.
DAYS_OF_PUBLICATION = f"""
select
    daily.started_date,
    any_value(settings.rules_version) as rules_version,
    any_value(settings.as_of) as as_of,
    sum(daily.closed_sessions)::bigint as closed_sessions,
    sum(daily.contained_sessions)::bigint as contained_sessions
from {SEEN}.marts.containment_daily as daily
inner join {SEEN}.marts.dates as dates
    on daily.started_date = dates.calendar_date and dates.is_complete
cross join {SEEN}.marts.settings as settings
group by daily.started_date
having sum(daily.open_sessions) = 0
"""


def copy_to(warehouse: duckdb.DuckDBPyConnection, home: Home, run: Run, given: Settings) -> None:
    """Write raw.night_last_… into the warehouse, after the history has been copied there."""
    seen = publish.current(home.published)
    for table, columns in TABLES.items():
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        warehouse.execute(f"create or replace table raw.{table} ({typed})")
    if seen is None:
        return
    rows = judge.last_rows(warehouse, run, given, seen, "rows_used_by_table")
    for table, count in rows.items():
        source, _, name = table.rpartition(".")
        if source in given.sources:  # one that was taken out takes its rows along
            warehouse.execute(
                f"insert into raw.{USED_ROWS} values (?, ?, ?)", [source, name, count]
            )
    if _is_of_the_same_data(warehouse, run, seen):
        _copy_days(warehouse, home, seen)


def _is_of_the_same_data(warehouse: duckdb.DuckDBPyConnection, run: Run, seen: str) -> bool:
    """Whether the publication was made of the same sources, read at the same places."""
    row = warehouse.execute(
        f"select sources, raw_path from raw.{COPIES[RUNS]} where publication = ?", [seen]
    ).fetchone()
    return row == (run.sources, run.raw_path)


def _copy_days(warehouse: duckdb.DuckDBPyConnection, home: Home, seen: str) -> None:
    file = publish.versions(home.published) / seen / DATABASE
    damage = publish.damage(home.published, seen, [DATABASE])
    if damage:
        warn(
            f"{file.parent}: damaged ({'; '.join(damage)}); the headline is compared with nothing, "
            "and a new publication takes its place"
        )
        return
    try:
        warehouse.execute(f"attach {sql.text(str(file))} as {SEEN} (read_only)")
    except duckdb.Error as error:
        warn(f"{file}: cannot be read ({one_line(error)}); the headline is compared with nothing")
        return
    try:
        warehouse.execute(f"insert into raw.{DAYS} by name {DAYS_OF_PUBLICATION}")
    except duckdb.Error as error:
        warn(f"{file}: cannot be read ({one_line(error)}); the headline is compared with nothing")
    finally:
        warehouse.execute(f"detach {SEEN}")
