"""scripts/compare-rules: the same raw data under the rules in force and under others.

Both are built in a temporary folder; what is published, kept or remembered is never opened.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import duckdb

from containment.build import dbt_run, scratch
from containment.commands import command_line
from containment.common import sql, warehouse
from containment.common.clock import Clock, utc_now
from containment.common.console import say, warn
from containment.common.errors import Stop, one_line
from containment.common.places import PROJECT, Home
from containment.common.shown import quoted
from containment.publish import headline
from containment.raw import inspection, views
from containment.settings import lookup_tables, lookups, own_config, settings
from containment.settings.lookup_tables import Row
from containment.settings.lookups import Lookups
from containment.settings.settings import Settings

TIMEOUT = re.compile(r"(?:(?P<channel>[^=]+)=)?(?P<minutes>\d{1,6})", re.ASCII)
EVERY_CHANNEL = ""  # of a timeout that names none
# What a session is now and under the other rules; the kind of change is null where there is none.
CHANGES = """
create temp view changes as
select
    coalesce(this.session_id, other.session_id) as session_id,
    coalesce(this.source, other.source) as source,
    coalesce(this.conversation_id, other.conversation_id) as conversation_id,
    coalesce(this.channel, other.channel) as channel,
    coalesce(this.started_at, other.started_at) as started_at,
    case
        when other.session_id is null then 'gone'
        when this.session_id is null then 'new'
        when this.outcome <> other.outcome then 'other outcome'
        when (this.ended_at, this.last_activity_at) is distinct from
            (other.ended_at, other.last_activity_at) then 'other end'
    end as change,
    this.outcome as outcome_now,
    other.outcome as outcome_then,
    this.ended_at as ended_at_now,
    other.ended_at as ended_at_then
from now.marts.sessions as this
full outer join "then".marts.sessions as other on this.session_id = other.session_id
"""
CHANGE_MEANS = {
    "gone": "are sessions no longer: part of another session, or not counted",
    "new": "are new",
    "other outcome": "have another outcome",
    "other end": "have the same outcome and another end",
}


@dataclass(frozen=True)
class Rules:
    """What a build takes besides raw rows: settings, lookups, and other timeouts."""

    settings: Settings
    lookups: Lookups
    timeouts: Mapping[str, int]  # channel, * or EVERY_CHANNEL: minutes


@click.command(
    context_settings=command_line.CONTEXT,
    epilog="Exit codes: 0 compared; 1 the data failed a test; 2 wrong settings, unreadable input, "
    "or nothing to compare.",
)
@click.option(
    "--timeout",
    "timeouts",
    multiple=True,
    metavar="[CHANNEL=]MINUTES",
    help="Another timeout: chat=60 for one channel, '*'=60 for all without a row of their own in "
    "seeds/channel_policies.csv, 60 for every channel; repeatable.",
)
@command_line.settings_yaml
@command_line.source
@command_line.raw_path
@command_line.as_of
@command_line.home("Where config/ lives")
@command_line.config
@click.option(
    "--csv", "csv_file", metavar="FILE", help="Write the sessions that change to this file."
)
def command(
    timeouts: tuple[str, ...],
    vars_text: str | None,
    sources: tuple[str, ...],
    raw_path: str | None,
    as_of: str | None,
    home: Home,
    config_folder: str | None,
    csv_file: str | None,
) -> int:
    """Build the raw data under the rules in force and under others, and show both headlines.

    Nothing that is kept or published is touched. It takes two full builds.
    """
    if csv_file and not Path(csv_file).absolute().parent.is_dir():  # said before two builds
        raise Stop(f"--csv {csv_file}: no such folder; make it, or name another file")
    raw = command_line.given(sources, raw_path, as_of)
    begun = utc_now()  # of both: the one must not take for the future what the other uses
    own = own_config.find(home.folder, config_folder, lookup_tables.declared(PROJECT))
    words = lookups.load(PROJECT, own.lookups)

    def rules(vars_text: str | None, timeouts: Mapping[str, int]) -> Rules:
        given = settings.load(PROJECT, raw, vars_text, os.environ, own.settings)
        return Rules(given.at(begun), words, timeouts)

    now, then = rules(None, {}), rules(vars_text, dict(map(_timeout, timeouts)))
    if now == then:
        raise Stop("nothing to compare: name another rule with --timeout or --vars")
    with tempfile.TemporaryDirectory(prefix="containment-rules-") as name:
        for line in compare(now, then, Path(name), None if csv_file is None else Path(csv_file)):
            say(line)
    return 0


def compare(now: Rules, then: Rules, folder: Path, csv_file: Path | None = None) -> Iterator[str]:
    """Build both in a folder, yield the lines to print; write what changed to a file."""
    # Ids that are hashed are the same in both, and the published ones, where these have a salt.
    published = Home(Path(os.environ.get("CONTAINMENT_HOME") or PROJECT))
    salt_of = published if published.id_salt.is_file() else Home(folder)
    databases = [
        build(rules, folder / name, salt_of) for name, rules in (("now", now), ("then", then))
    ]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, database in zip(("now", "then"), databases, strict=True):
            connection.execute(f"attach {sql.text(str(database))} as {sql.name(name)} (read_only)")
        connection.execute(CHANGES)
        _warn_of_unknown_channels(connection, then.timeouts)
        yield ""
        yield from _headlines(connection)
        yield ""
        yield from _changes(connection)
        if csv_file is not None:
            yield _write(connection, csv_file)


def build(rules: Rules, folder: Path, salt_of: Home | None = None) -> Path:
    """Build the sessions under these rules; return the database file or raise Stop."""
    clock = Clock()
    words = _with_timeouts(rules.lookups, rules.timeouts)
    home = Home(folder)
    home.warehouse_folder.mkdir(parents=True)
    project = lookups.place_project(PROJECT, words, home)
    found = [
        inspection.inspect(home, each, rules.settings, words, salt_of)
        for each in rules.settings.places
    ]
    with warehouse.opened(home.warehouse) as connection:
        for raw in found:
            views.write_views(raw, connection)
        in_memory = scratch.fits(connection, found)
    with scratch.placed(home, in_memory=in_memory) as place:
        outcome = dbt_run.build(
            project,
            home,
            dbt_run.DUCKDB,
            rules.settings.dbt_vars(),
            select=("+sessions",),
            tests=False,
            more_environment=place,
        )
    if outcome.exit_code:
        raise Stop(f"not built under the rules {folder.name}", outcome.exit_code, outcome.failures)
    say(f"built under the rules {folder.name}: {outcome.summary} ({clock})")
    return home.warehouse


def _timeout(given: str) -> tuple[str, int]:
    match = TIMEOUT.fullmatch(given.strip())
    if match is None or not 0 < int(match["minutes"]) <= lookups.MOST_MINUTES:
        raise Stop(
            f"--timeout: {quoted(given)} is not a timeout; write whole minutes from 1 to "
            f"{lookups.MOST_MINUTES}, e.g. chat=60, or 60 for every channel"
        )
    return (match["channel"] or EVERY_CHANNEL).strip().lower(), int(match["minutes"])


def _with_timeouts(words: Lookups, timeouts: Mapping[str, int]) -> Lookups:
    """The lookups with other timeouts; one for every channel takes the place of all rows."""
    if not timeouts:
        return words
    policies = words.contents[lookups.CHANNELS]
    minutes = {row.values["channel"]: row.values["timeout_minutes"] for row in policies.rows}
    if EVERY_CHANNEL in timeouts:
        minutes = {lookups.ANY: str(timeouts[EVERY_CHANNEL])}
    minutes.update({each: str(given) for each, given in timeouts.items() if each != EVERY_CHANNEL})
    rows = [
        Row("--timeout", {"channel": channel, "timeout_minutes": given})
        for channel, given in minutes.items()
    ]
    return words.with_rows(lookups.CHANNELS, rows)


def _warn_of_unknown_channels(
    connection: duckdb.DuckDBPyConnection, timeouts: Mapping[str, int]
) -> None:
    rows = connection.execute("select distinct channel from changes").fetchall()
    for channel in sorted(
        timeouts.keys() - {EVERY_CHANNEL, lookups.ANY} - {row[0] for row in rows}
    ):
        warn(f"--timeout: no session has the channel {quoted(channel)}")


def _headlines(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """A table of both rates, per channel and in all; the change is in points."""
    rows = connection.execute("""
        select
            channel,
            count(*) filter (where outcome_now in ('resolved', 'timed_out')),
            count(*) filter (where outcome_now <> 'open'),
            count(*) filter (where outcome_then in ('resolved', 'timed_out')),
            count(*) filter (where outcome_then <> 'open')
        from changes
        group by rollup (channel)
        order by channel is null desc, 3 desc, channel
    """).fetchall()
    listed = [
        *(("all", *counts) for _, *counts in rows[:1]),
        *headline.top(rows[1:], headline.MOST_CHANNELS, "channels"),
    ]
    shown = [
        (
            name,
            f"{_rate(*counts[:2])} ({counts[0]:,} of {counts[1]:,})",
            f"{_rate(*counts[2:])} ({counts[2]:,} of {counts[3]:,})",
            _points(*counts),
        )
        for name, *counts in listed
    ]
    header = ("containment", "now", "under the other rules", "change in points")
    return headline.table(header, shown, texts=1)


def _rate(contained: int, closed: int) -> str:
    return f"{headline.percent(contained, closed)} %" if closed else "-"


def _points(contained: int, closed: int, contained_then: int, closed_then: int) -> str:
    if not closed or not closed_then:
        return "-"
    return f"{100 * (contained_then / closed_then - contained / closed):+.1f}"


def _changes(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    counts: dict[str | None, int] = dict(
        connection.execute("select change, count(*) from changes group by change").fetchall()
    )
    changed = sum(count for change, count in counts.items() if change is not None)
    sessions = sum(counts.values())
    now, then = (sessions - counts.get(missing, 0) for missing in ("new", "gone"))
    yield f"{now:,} sessions now, {then:,} under the other rules; {changed:,} differ:"
    width = max(len(f"{count:,}") for count in (0, *counts.values()))
    for change, means in CHANGE_MEANS.items():
        yield f"  {counts.get(change, 0):>{width},} {means}"


def _write(connection: duckdb.DuckDBPyConnection, file: Path) -> str:
    try:
        connection.execute(
            "copy (select * from changes where change is not null order by started_at, session_id) "
            f"to {sql.text(str(file))} (format csv, header)"
        )
    except duckdb.Error as error:
        raise Stop(
            f"--csv {file}: cannot be written ({one_line(error)}); name another file"
        ) from None
    return f"the sessions that change: {file}"


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    command_line.run(command, "compare-rules")
