"""The night: settings, lock, raw data, build and test, publish, report."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType

import click

from containment import (
    dbt_run,
    headline,
    lookups,
    publish,
    raw_files,
    run_lock,
    settings,
    warehouse,
)
from containment.console import Clock, fail, say, warn
from containment.errors import UNUSABLE, Stop, one_line
from containment.places import PROJECT, Home
from containment.settings import FILES, Given, Settings

DUCKDB = "duckdb"


class Stopped(BaseException):
    """A signal ended the run."""

    received: int | None = None


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 published; 1 the data failed a test; 2 wrong settings, unreadable input "
    "or a model that does not build; 3 another run holds the lock. After any but 0 the last "
    "publication stays.",
)
@click.option(
    "--source", "sources", multiple=True, metavar="NAME", help="A raw system; repeatable."
)
@click.option("--raw-path", metavar="DIR", help="The folder that the source `files` reads.")
@click.option(
    "--as-of", metavar="TIME", help="The moment at which silence is judged (ISO 8601, UTC)."
)
@click.option("--full-refresh", is_flag=True, help="Cut every conversation again.")
@click.option(
    "--home",
    metavar="DIR",
    envvar="CONTAINMENT_HOME",
    help="Where warehouse/ and published/ live (CONTAINMENT_HOME; default: the project).",
)
@click.option("--target", metavar="NAME", default=DUCKDB, show_default=True, help="dbt's target.")
@click.option(
    "--vars", "vars_text", metavar="YAML", help="Other settings: '{courtesy_minutes: 5}'."
)
@click.option("--verbose", is_flag=True, help="Show what dbt says.")
def command(
    sources: tuple[str, ...],
    raw_path: str | None,
    as_of: str | None,
    full_refresh: bool,
    home: str | None,
    target: str,
    vars_text: str | None,
    verbose: bool,
) -> None:
    """Build the warehouse from the raw data, test it, and publish the marts.

    Settings are the vars of dbt_project.yml; options change them for this run.
    """
    options: dict[str, Given] = {}
    if sources:
        options["sources"] = Given(list(sources), "--source")
    if raw_path is not None:
        options["raw_path"] = Given(raw_path, "--raw-path")
    if as_of is not None:
        options["as_of"] = Given(as_of, "--as-of")
    place = Home(Path(os.path.abspath(Path(home).expanduser())) if home else PROJECT)
    night(place, options, vars_text, target=target, full_refresh=full_refresh, verbose=verbose)


def night(
    home: Home,
    options: Mapping[str, Given],
    vars_text: str | None = None,
    *,
    target: str = DUCKDB,
    full_refresh: bool = False,
    verbose: bool = False,
) -> None:
    """Do one night; Stop where it cannot go on."""
    whole = Clock()
    given = settings.load(PROJECT, options, vars_text, os.environ)
    words = lookups.load(PROJECT)
    on_duckdb = settings.target_type(PROJECT, target) == DUCKDB
    if not on_duckdb and FILES in given.sources:
        raise Stop(f"--target {target}: the source 'files' needs the target {DUCKDB}")
    say(f"settings: {_described(given)}")
    with run_lock.held(home.lock):
        if on_duckdb:
            _raw_data(home, given, words)
        _build(home, given, target, full_refresh=full_refresh, verbose=verbose)
        if not on_duckdb:
            say(f"built in {whole}; the marts of target {target} stay where they are built")
            return
        for relation in warehouse.drop_forgotten(home.warehouse, home.dbt_target / "manifest.json"):
            say(f"dropped {relation}: no model makes it any more")
        clock = Clock()
        publication = publish.publish(home)
        say(f"published: {home.published / 'containment.duckdb'} ({publication.name}, {clock})")
        say(f"done in {whole}")
        say("")
        for line in headline.lines(publication / "containment.duckdb"):
            say(line)


def _described(given: Settings) -> str:
    as_of = f"{given.as_of} UTC" if given.as_of else "the newest load"
    return f"{', '.join(given.sources)}; as of {as_of}; days in {given.reporting_timezone}"


def _raw_data(home: Home, given: Settings, words: lookups.Lookups) -> None:
    clock = Clock()
    raw = None
    if given.raw_path is not None:
        raw = raw_files.inspect(given.raw_path, words)
        for line in raw.warnings:
            warn(line)
    with warehouse.opened(home.warehouse) as connection:
        if raw is not None:
            raw_files.write_views(raw, connection)
            say(f"raw data: {raw.file_count} files in {given.raw_path} ({clock})")


def _build(home: Home, given: Settings, target: str, *, full_refresh: bool, verbose: bool) -> None:
    clock = Clock()
    say("build and test: dbt build ...")
    outcome = dbt_run.build(
        PROJECT, home, target, given.dbt_vars(), full_refresh=full_refresh, verbose=verbose
    )
    if outcome.exit_code == 0:
        say(f"build and test: {outcome.summary or 'nothing to build'} ({clock})")
        return
    for line in outcome.failures:
        fail(line)
    raise Stop(
        f"not published, {len(outcome.failures)} failed; dbt's log: {home.dbt_logs / 'dbt.log'}",
        outcome.exit_code,
    )


def _on_signal(number: int, frame: FrameType | None) -> None:
    # One is enough: a second must not cut short the tidying up after the first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Stopped.received = number
    raise Stopped


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    signal.signal(signal.SIGINT, _on_signal)
    signal.signal(signal.SIGTERM, _on_signal)
    try:
        sys.exit(_exit_code())
    except BrokenPipeError:
        # Whoever read the output has gone; the run itself has come to its end or been undone.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(UNUSABLE)


def _exit_code() -> int:
    try:
        # click gives the exit code of --help here, and nothing after a run.
        return command.main(prog_name="scripts/nightly", standalone_mode=False) or 0
    except BaseException as error:
        return _ending(error)


def _ending(error: BaseException) -> int:
    """Say in one line how the run ended, give its exit code; what nobody foresaw is raised."""
    if Stopped.received is not None:  # first: in DuckDB's hands a signal becomes DuckDB's error
        name = signal.Signals(Stopped.received).name
        fail(f"stopped by {name}; the last publication stays, the next run starts over")
        return 128 + Stopped.received
    match error:
        case Stop():
            fail(str(error))
            return error.exit_code
        case click.ClickException():
            fail(f"{' '.join(error.format_message().split())} (see scripts/nightly --help)")
            return UNUSABLE
        case OSError() if not isinstance(error, BrokenPipeError):
            fail(f"{error.filename or 'system'}: {one_line(error)}; free it and start again")
            return UNUSABLE
    raise error
