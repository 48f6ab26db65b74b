"""What cannot be made again from the raw data: the runs, and what they published about each day.

history/history.duckdb holds it, beside the warehouse, which may be deleted at any time. Each use
opens the file for a moment and is one transaction, so that a kill leaves the old state or the new.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import duckdb

from containment.build import dbt_results
from containment.common import duckdb_words, sql, warehouse
from containment.common.clock import name_after, utc_now
from containment.common.console import warn
from containment.common.errors import Stop, one_line
from containment.common.places import DATABASE, Home
from containment.common.warehouse import OLDEST_STORAGE
from containment.publish import publish
from containment.runs.run import COLUMNS, KILLED, PUBLISHED, RUNNING, Run

RUNS, DAYS, CHANGES = "runs", "published_days", "unpublished_changes"
SENT = "sent_messages"  # no publication knows these: a history that is made anew has none
# The names that the copies have in the warehouse, in the schema `raw`.
COPIES = {name: f"night_{name}" for name in (RUNS, DAYS, CHANGES)}
FIGURES = ("closed_sessions", "open_sessions", "contained_sessions")
TABLES = {
    RUNS: COLUMNS,
    DAYS: {
        "started_date": "date",
        "first_run_id": "varchar",
        "is_over_when_first_published": "boolean",
        **{f"first_{figure}": "bigint" for figure in FIGURES},
        **{f"previous_{figure}": "bigint" for figure in FIGURES},
        **{f"current_{figure}": "bigint" for figure in FIGURES},
        "restated_count": "bigint",
        "last_changed_run_id": "varchar",
        "is_changed_by_late_rows": "boolean",
        "is_changed_by_rules": "boolean",
        "is_changed_by_time": "boolean",
        "is_changed_by_unfinished_day": "boolean",
    },
    CHANGES: {"source": "varchar", "conversation_id": "varchar", "change_reason": "varchar"},
    SENT: {"message_key": "varchar", "recipient": "varchar", "sent_at": "timestamp"},
}
# It must outlive the DuckDB that wrote it.
STORAGE: warehouse.Config = {"storage_compatibility_version": OLDEST_STORAGE}
SECONDS_TO_WAIT = 10  # for another process that has the file open: a refused run, for a moment
ABANDONED = "ended without a word: killed, or the machine stopped"
CHANGED = "int_changed_conversations"
PUBLICATION = "publication"  # the name under which one is attached

Opened = TypeVar("Opened")


@contextmanager
def recorded(home: Home, run: Run) -> Iterator[None]:
    """Note a run that begins and how it ended. Only for the holder of the lock."""
    _begin(home, run)
    try:
        yield
    except BaseException as error:
        # A signal may come after the switch of the publication: what readers see is what counts.
        if not _is_current(home, run):
            run.end_by(error)
            _save(home, run)
        raise


def published(home: Home, run: Run) -> None:
    """Record that a run's publication is in place, and what it says about each day.

    If the history cannot be written, the next run takes it from the publication.
    """
    try:
        with opened(home) as connection:
            _take_over(connection, home, str(run.publication), run.run_id)
            _write(connection, run)
    except (duckdb.Error, Stop) as error:
        warn(f"{home.history}: not written ({one_line(error)}); the next run makes up for it")


def note(home: Home, run: Run) -> None:
    """Record a run that never held the lock, if the history can be opened at once."""
    with suppress(OSError):  # a home that may not be entered; the run has said so
        if home.history.is_file():
            with suppress(duckdb.Error, Stop), opened(home, wait=1) as connection:
                _write(connection, run)


def announce(home: Home, run: Run) -> None:
    """Note the name of the publication that a run is about to put in place."""
    with _must_be_written(home), opened(home) as connection:
        _write(connection, run)


def copy_to(warehouse: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Copy the history into the warehouse as raw.night_…, where the models read it.

    Changed conversations of a run that was never published are saved first: the next build
    replaces that table.
    """
    with _must_be_written(home), _attached(warehouse, home):
        warehouse.execute("create schema if not exists raw")
        if _has_unpublished_changes(warehouse, home):
            warehouse.execute(
                f"insert into history.{CHANGES} by name "
                f"select source, conversation_id, change_reason from intermediate.{CHANGED} "
                f"except select source, conversation_id, change_reason from history.{CHANGES}"
            )
        for table, copy in COPIES.items():
            columns = ", ".join(TABLES[table])
            warehouse.execute(
                f"create or replace table raw.{copy} as select {columns} from history.{table}"
            )


def copy_run(warehouse: duckdb.DuckDBPyConnection, home: Home, run: Run) -> None:
    """Bring the run's row in the warehouse's copy up to date, so that it is published complete."""
    with _must_be_written(home):
        warehouse.execute("begin")
        _write(warehouse, run, f"raw.{COPIES[RUNS]}")
        warehouse.execute("commit")


# --- what happens to the runs --------------------------------------------------------------------


def _begin(home: Home, run: Run) -> None:
    with _must_be_written(home):
        home.history.parent.mkdir(parents=True, exist_ok=True)
        _make_sound(home)
        with opened(home) as connection:
            _settle_abandoned(connection, home)
            # Nights are told apart by the order of their names, whatever the clock says.
            (last,) = connection.execute(f"select max(run_id) from {RUNS}").fetchall()[0]
            if last is not None and run.run_id <= last:
                run.run_id = name_after(last)
            _write(connection, run)


def _settle_abandoned(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """The lock was free, so what still runs by the book was killed; or just after its switch."""
    current = publish.current(home.published)
    left = connection.execute(
        f"select run_id, publication from {RUNS} where outcome = ?", [RUNNING]
    ).fetchall()
    for run_id, publication in left:
        if publication is not None and publication == current:
            damage = publish.damage(home.published, publication, [DATABASE])
            if not damage:
                _take_over(connection, home, publication, run_id)
                continue
            warn(f"{publication}: damaged ({'; '.join(damage)}); what it said of its run is lost")
        connection.execute(
            f"update {RUNS} set outcome = ?, message = ?, publication = null where run_id = ?",
            [KILLED, ABANDONED, run_id],
        )


def _take_over(
    connection: duckdb.DuckDBPyConnection, home: Home, publication: str, run_id: str
) -> None:
    """Copy from a publication its run's row and what it says about each day."""
    days = f"{PUBLICATION}.marts.published_days"
    _attach_publication(connection, home, publication)
    connection.execute(f"delete from {RUNS} where run_id = ?", [run_id])
    connection.execute(
        f"insert into {RUNS} by name select {_columns(connection, RUNS, 'run_log')} "
        f"from {PUBLICATION}.marts.run_log where run_id = ?",
        [run_id],
    )
    connection.execute(
        f"delete from {DAYS} where started_date in (select started_date from {days})"
    )
    connection.execute(f"insert into {DAYS} by name select {', '.join(TABLES[DAYS])} from {days}")
    connection.execute(f"delete from {CHANGES}")


def _save(home: Home, run: Run) -> None:
    try:
        with opened(home) as connection:
            _write(connection, run)
    except (duckdb.Error, Stop) as error:
        warn(f"{home.history}: not written ({one_line(error)}); the run is not in the run log")


def _write(connection: duckdb.DuckDBPyConnection, run: Run, table: str = RUNS) -> None:
    connection.execute(f"delete from {table} where run_id = ?", [run.run_id])
    connection.execute(
        f"insert into {table} ({', '.join(COLUMNS)}) values ({', '.join('?' for _ in COLUMNS)})",
        [getattr(run, column) for column in COLUMNS],
    )


def _is_current(home: Home, run: Run) -> bool:
    return run.publication is not None and run.publication == publish.current(home.published)


def _has_unpublished_changes(warehouse: duckdb.DuckDBPyConnection, home: Home) -> bool:
    """Whether the warehouse's changed conversations are those of a run that was not published."""
    found = warehouse.execute(
        "select table_name from information_schema.tables "
        "where table_catalog = current_database() and table_name in (?, ?)",
        [CHANGED, COPIES[RUNS]],
    ).fetchall()
    if len(found) < 2:
        return False
    last = warehouse.execute(
        # The run that last began a build here is the newest one that was at work.
        f"select outcome from history.{RUNS} where run_id = ("
        f"select max(run_id) from raw.{COPIES[RUNS]} where outcome in (?, ?))",
        [RUNNING, PUBLISHED],
    ).fetchone()
    return (
        last is not None and last[0] != PUBLISHED and _was_built(home, was_killed=last[0] == KILLED)
    )


def _was_built(home: Home, *, was_killed: bool) -> bool:
    """Whether the last build made the list of changed conversations; if it was killed, perhaps."""
    results = dbt_results.read(home.dbt_results)
    if results is None:
        return was_killed  # they are written at the end
    return any(result.name == CHANGED and result.status == "success" for result in results)


# --- the file ------------------------------------------------------------------------------------


@contextmanager
def _must_be_written(home: Home) -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise Stop(
            f"{home.history}: cannot be written ({one_line(error)}); make it writable"
        ) from None


@contextmanager
def opened(home: Home, wait: float | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection in a transaction that is committed at the end, or undone by an error."""
    connection = _patiently(home, lambda: duckdb.connect(str(home.history), config=STORAGE), wait)
    with connection:
        connection.execute("begin")
        yield connection
        connection.execute("commit")


@contextmanager
def _attached(warehouse: duckdb.DuckDBPyConnection, home: Home) -> Iterator[None]:
    """Attach the file to a connection as `history`."""
    attach = f"attach {sql.text(str(home.history))} as history"
    _patiently(home, lambda: warehouse.execute(attach))
    try:
        yield
    finally:
        warehouse.execute("detach history")


def _patiently(home: Home, open_it: Callable[[], Opened], wait: float | None = None) -> Opened:
    """Open the file, again and again while another process has it."""
    last = time.monotonic() + (SECONDS_TO_WAIT if wait is None else wait)
    while True:
        try:
            return open_it()
        except duckdb.Error as error:
            if not warehouse.is_open_elsewhere(error):
                raise
            if time.monotonic() > last:
                raise warehouse.opened_elsewhere(home.history, error) from None
            time.sleep(0.1)


def _make_sound(home: Home) -> None:
    """Make the file if it is missing or damaged; add columns that an old one lacks."""
    if not home.history.exists():
        _make(home)
        return
    try:
        with opened(home) as connection:
            _make_tables(connection)
            warehouse.read_all(connection, TABLES)
    except duckdb.Error as error:
        # A file that cannot be had is no damaged one: too few file handles, a right, no room.
        if not duckdb_words.is_damage(str(error)):
            raise
        aside = home.history.with_name(f"damaged-{utc_now():%Y%m%dT%H%M%S.%f}Z.duckdb")
        _make(home, f"damaged ({one_line(error)}); kept as {aside.name}; ", aside)


def _make(home: Home, why: str = "", aside: Path | None = None) -> None:
    """Make a new file from the publications, then rename it: a kill leaves the old one or none."""
    new = home.history.with_name(f".{home.history.name}.new")
    warehouse.delete(new)
    with duckdb.connect(str(new), config=STORAGE) as connection:
        _make_tables(connection)
        said = _restore(connection, home)
    if aside is not None:
        log = home.history.with_name(home.history.name + ".wal")
        if log.exists():
            log.rename(aside.with_name(aside.name + ".wal"))
        home.history.rename(aside)
    new.rename(home.history)
    if why or said:
        warn(f"{home.history}: {why}{said or 'a new history begins, for nothing is published'}")


def _make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        make_table(connection, table)


def make_table(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make a table of the history if it is missing; add columns that an old one lacks."""
    typed = [f"{name} {kind}" for name, kind in TABLES[table].items()]
    connection.execute(f"create table if not exists {table} ({', '.join(typed)})")
    for column in typed:
        connection.execute(f"alter table {table} add column if not exists {column}")


def _restore(connection: duckdb.DuckDBPyConnection, home: Home) -> str:
    """Copy what the publications know of the past, the newest first; return what was restored.

    The newest readable one tells all days; each tells the runs before it.
    """
    taken: list[str] = []
    for name in reversed(publish.names(home.published)):
        if publish.damage(home.published, name, [DATABASE]):
            continue
        try:
            _attach_publication(connection, home, name)
            _copy_missing(connection, RUNS, "run_log", "run_id")
            if not taken:
                _copy_missing(connection, DAYS, "published_days", "started_date")
            taken.append(name)
        except duckdb.Error:  # of an older version, without these marts
            continue
        finally:
            connection.execute(f"detach database if exists {PUBLICATION}")
    if not taken:
        return ""
    (runs, days) = connection.execute(
        f"select (select count(*) from {RUNS}), (select count(*) from {DAYS})"
    ).fetchall()[0]
    return (
        f"{runs:,} runs and what was published of {days:,} days restored from the publication "
        f"{taken[0]}; runs after it are lost"
    )


def _columns(connection: duckdb.DuckDBPyConnection, table: str, mart: str) -> str:
    """The columns of a table that the publication's mart has: an older one lacks some."""
    there = {
        name
        for (name,) in connection.execute(
            "select column_name from duckdb_columns() "
            "where database_name = ? and schema_name = 'marts' and table_name = ?",
            [PUBLICATION, mart],
        ).fetchall()
    }
    return ", ".join(name for name in TABLES[table] if name in there)


def _copy_missing(connection: duckdb.DuckDBPyConnection, table: str, mart: str, key: str) -> None:
    connection.execute(
        f"insert into {table} by name select {_columns(connection, table, mart)} "
        f"from {PUBLICATION}.marts.{mart} where {key} not in (select {key} from {table})"
    )


def _attach_publication(connection: duckdb.DuckDBPyConnection, home: Home, name: str) -> None:
    file = publish.versions(home.published) / name / DATABASE
    connection.execute(f"attach {sql.text(str(file))} as {PUBLICATION} (read_only)")
