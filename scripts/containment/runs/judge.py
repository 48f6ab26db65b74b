"""What is judged of a build before it may be published: which rows, and are the raw tables all
there, and fresh?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import duckdb

from containment.common.console import warn
from containment.common.errors import DATA_FAILED, Stop
from containment.publish import docs
from containment.runs.history import COPIES, RUNS
from containment.runs.run import CHANGED, FULL, PUBLISHED, Run
from containment.settings.raw_places import Place
from containment.settings.settings import Settings

JUDGED = "night_judged"  # in the schema `raw`; the macro make_night_tables drops it


def check(
    connection: duckdb.DuckDBPyConnection,
    run: Run,
    given: Settings,
    now: datetime,
    seen: str | None,
) -> None:
    """Raise Stop if the build must not be published; warn of what the user should know.

    now: the machine's clock (UTC), which only this check reads. seen: the publication readers have.
    """
    stale = list(_stale(connection, given, now))
    if stale and given.stale_raw == "refuse":
        raise Stop(
            f"not published, stale: {'; '.join(stale)}; load them, or allow it for one run: "
            "--vars '{stale_raw: warn}'",
            DATA_FAILED,
        )
    for line in stale:
        warn(line)
    dropped = list(_dropped(connection, run, given, seen))
    if dropped:
        raise Stop(
            f"not published, rows are missing: {'; '.join(dropped)}; load them, or allow it for "
            "one run: --vars '{max_row_drop_share: 1}'",
            DATA_FAILED,
        )


def made_by(given: Settings, project: Path) -> str:
    """What a build of the project is made by: another text where code, settings or DuckDB are."""
    moments = ("as_of", "not_after")  # on which nothing depends that is kept
    lasting = {name: value for name, value in given.dbt_vars().items() if name not in moments}
    made = [docs.code_hash(project), duckdb.__version__, lasting]
    return hashlib.sha256(json.dumps(made, sort_keys=True, default=str).encode()).hexdigest()


def note_judged(connection: duckdb.DuckDBPyConnection, made: str) -> None:
    """Note in the warehouse that it passed all data tests; whatever dbt does next takes it away."""
    connection.execute(f"create or replace table raw.{JUDGED} as select ? as made_by", [made])


def checks(connection: duckdb.DuckDBPyConnection, run: Run, given: Settings, made: str) -> str:
    """Return whether data tests must judge all rows (FULL) or only changed conversations (CHANGED).

    CHANGED is enough when what persists passed the tests, under the same code and settings, and a
    published run of the last `full_check_days` judged all of it. `connection` is one to the
    warehouse with a copy of the history, before the build.
    """
    there = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = ?", [JUDGED]
    )
    if not there.fetchall():
        return FULL
    first = run.started_at - timedelta(days=given.full_check_days)
    row = connection.execute(
        f"select exists (from raw.{JUDGED} where made_by = ?) and exists ("
        f"from raw.{COPIES[RUNS]} where outcome = ? and checks = ? and started_at > ? "
        "and started_at <= ?)",
        [made, PUBLISHED, FULL, first, run.started_at],
    ).fetchone()
    return CHANGED if row == (True,) else FULL


def newest_loads(connection: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    """When the newest usable row of each source was loaded (UTC); sources without one left out."""
    rows = connection.execute(
        "select source, make_timestamp(max(newest_known_us)) from intermediate.int_kept_states "
        "where newest_known_us is not null group by source"
    ).fetchall()
    return dict(rows)


def raw_path(places: Mapping[str, Place]) -> str | None:
    """The places of a run's raw tables as its record has them: one, or each with its source."""
    if len(places) == 1:
        return str(*places.values())
    return "; ".join(f"{source}: {place}" for source, place in places.items()) or None


def _place(source: str, raw_path: str | None) -> str | None:
    """The place of a source in a run's record."""
    each = dict(part.split(": ", 1) for part in (raw_path or "").split("; ") if ": " in part)
    return each.get(source, raw_path)


def _stale(connection: duckdb.DuckDBPyConnection, given: Settings, now: datetime) -> Iterator[str]:
    newest = newest_loads(connection)
    for source, hours in given.max_raw_age_hours.items():
        if source in newest and source in given.sources:
            age = now - newest[source]
            if age > timedelta(hours=hours):
                yield (
                    f"{source}: the newest row was loaded at {newest[source]:%Y-%m-%d %H:%M} UTC, "
                    f"{age.total_seconds() / 3600:,.0f} hours ago "
                    f"(max_raw_age_hours: {hours:g})"
                )


def _dropped(
    connection: duckdb.DuckDBPyConnection, run: Run, given: Settings, seen: str | None
) -> Iterator[str]:
    """The tables that lost more rows than allowed since the publication that readers have."""
    allowed = Fraction(str(given.max_row_drop_share))
    earlier = last_rows(connection, run, given, seen, "rows_by_table")
    for table, now in json.loads(run.rows_by_table or "{}").items():
        before = earlier.get(table, 0)
        if before - now > allowed * before:
            yield f"{table.replace('.', ' ')} has {now:,} rows, had {before:,}"


def last_rows(
    connection: duckdb.DuckDBPyConnection,
    run: Run,
    given: Settings,
    seen: str | None,
    column: str,
) -> dict[str, int]:
    """Return the rows by table (`source.table`) of the last run that read the same place.

    column: of the history. After a rollback, runs later than the publication `seen` do not count.
    """
    found: dict[str, int] = {}
    for raw_path, text in connection.execute(
        f"select raw_path, {column} from raw.{COPIES[RUNS]} "
        "where outcome = ? and publication <= coalesce(?, publication) order by run_id desc",
        [PUBLISHED, seen],
    ).fetchall():
        for table, rows in json.loads(text or "{}").items():
            source = table.rpartition(".")[0]
            is_placed = source in given.places  # the tables of another place are other data
            is_here = _place(source, raw_path) == _place(source, run.raw_path)
            if is_here or not is_placed:
                found.setdefault(table, rows)
    return found
