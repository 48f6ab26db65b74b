"""The night: settings, lock, raw data, build and test, judge, publish, report."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import click
import duckdb

from containment.build import dbt_run, findings, scratch
from containment.commands import after_run, command_line
from containment.common import console, duckdb_words, warehouse
from containment.common.clock import Clock, utc_now
from containment.common.console import fail, say, warn
from containment.common.errors import (
    DATA_FAILED,
    MAKE_ROOM,
    UNUSABLE,
    Stop,
    Stopped,
    how_it_ended,
    is_no_room,
    masked,
    one_line,
    where_raised,
)
from containment.common.places import DATABASE, PROJECT, Home
from containment.publish import headline, publish
from containment.raw import inspection, views
from containment.report.tiles import Target, View
from containment.runs import history, judge, last_publication, run_lock
from containment.runs.run import FAILED, FULL, KILLED, PUBLISHED, RUNNING, Run
from containment.settings import lookup_tables, lookups, own_config, settings, source_yml
from containment.settings.own_config import OwnConfig
from containment.settings.settings import Settings
from containment.settings.source_yml import IDENTITIES
from containment.settings.values import Given

AS_JSON = "--json"


@click.command(
    context_settings=command_line.CONTEXT,
    epilog="Exit codes: 0 published; 1 the data failed a test or were refused (rows missing, "
    "stale, a finding); 2 wrong settings, unreadable input or a model that does not build; 3 "
    "another run holds the lock. After any but 0 the last publication stays.",
)
@command_line.source
@command_line.raw_path
@command_line.as_of
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="FINDING",
    help="Publish in spite of this finding, with a warning; repeatable.",
)
@click.option("--full-refresh", is_flag=True, help="Cut every conversation again.")
@command_line.home("Where warehouse/, published/, history/ and logs/ live")
@command_line.config
@click.option(
    "--target", metavar="NAME", default=dbt_run.DUCKDB, show_default=True, help="dbt's target."
)
@command_line.settings_yaml
@click.option(
    AS_JSON, "as_json", is_flag=True, help="One JSON object on stdout at the end, lines on stderr."
)
@click.option(
    "--verbose", is_flag=True, help="Show what dbt says, and errors in full: on the terminal only."
)
def command(
    sources: tuple[str, ...],
    raw_path: str | None,
    as_of: str | None,
    accepted: tuple[str, ...],
    full_refresh: bool,
    home: Home,
    config_folder: str | None,
    target: str,
    vars_text: str | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """Build the warehouse from the raw data, test it, and publish the marts.

    Settings are the vars of dbt_project.yml; config/settings.yml changes them, and options do for
    this run.
    """
    options = command_line.given(sources, raw_path, as_of, accepted)
    if as_json:
        console.keep_stdout_free()
    if verbose:
        duckdb_words.show_in_full(console.show)
    run = Run.begun()
    console.log_to(home.nightly_log)
    publication = None
    try:
        publication = night(
            home,
            run,
            options,
            vars_text,
            config_folder=config_folder,
            target=target,
            full_refresh=full_refresh,
            verbose=verbose,
        )
        _report(publication)
        return 0
    except BaseException as error:
        if run.outcome == RUNNING:  # it ended before it held the lock
            run.end_by(error)
            history.note(home, run)
        if isinstance(error, BrokenPipeError):
            # The reader of the output has gone; the run has come to its end or been undone. click
            # would make it exit code 1.
            _write_no_more_in_vain()
            console.log(f"error: nobody reads the output any more; the run is {run.outcome}")
            return run.exit_code or 0
        return _say_ending(error, verbose)
    finally:
        after_run.tell(home, run, config_folder, vars_text)
        if as_json:
            print(run.as_json(headline.numbers(publication, run.run_id)), flush=True)


def night(
    home: Home,
    run: Run,
    options: Mapping[str, Given],
    vars_text: str | None = None,
    *,
    config_folder: str | None = None,
    target: str = dbt_run.DUCKDB,
    full_refresh: bool = False,
    verbose: bool = False,
) -> Path:
    """Run one night and return its publication folder; raise Stop if it cannot continue.

    `run` is filled with what becomes known.
    """
    if any(sign in str(home.folder) for sign in "?\\"):  # DuckDB takes them for other than a name
        raise Stop(f"{home.folder}: no database can lie in a folder with ? or \\ in its name")
    own = own_config.find(home.folder, config_folder, lookup_tables.declared(PROJECT))
    given = settings.load(PROJECT, options, vars_text, os.environ, own.settings).at(run.started_at)
    run.sources = ", ".join(given.sources)
    run.raw_path = masked(judge.raw_path(given.places) or "") or None
    words = lookups.load(PROJECT, own.lookups)
    findings.check_accepted(given.accepted_findings, words.findings)
    if settings.target_type(PROJECT, target) != dbt_run.DUCKDB:
        raise Stop(
            f"--target {target}: scripts/nightly builds and publishes on DuckDB; "
            f"for this target run dbt build --target {target} (docs/spark.md)"
        )
    say(f"settings: {_described(given, own)}")
    for line in words.warnings:
        warn(line)
    with run_lock.held(home.lock), history.recorded(home, run):

        def make() -> Path:
            with dbt_run.started(home) as process:
                in_memory = _raw_data(home, run, given, words)
                if full_refresh:
                    run.checks = FULL
                project = lookups.place_project(PROJECT, words, home)
                with scratch.placed(home, in_memory=in_memory) as place:
                    clock = Clock()
                    say("build and test: dbt build ...")
                    built = dbt_run.build(
                        project,
                        home,
                        target,
                        {**given.dbt_vars(), "checks": run.checks},
                        full_refresh=full_refresh,
                        verbose=verbose,
                        more_environment=place,
                        process=process,
                    )
                    run.build_seconds = clock.seconds
            _end_build(home, run, built)
            _judge(home, run, given, built)
            return _publish(home, run, given, words)

        try:
            return make()
        except (Stop, duckdb.Error) as error:
            # Damage may show in any step, for a block is looked at when it is read.
            said = [one_line(error), *(error.reasons if isinstance(error, Stop) else ())]
            if not warehouse.delete_if_damaged(home.warehouse, said):
                raise
        return make()


def _described(given: Settings, own: OwnConfig) -> str:
    as_of = f"{given.as_of} UTC" if given.as_of else "the newest load"
    files = own.described()
    return f"{', '.join(given.sources)}; as of {as_of}; days in {given.reporting_timezone}" + (
        f"; with {files}" if files else ""
    )


def _raw_data(home: Home, run: Run, given: Settings, words: lookups.Lookups) -> bool:
    """Check the raw data, lay views over it; return whether scratch fits in memory."""
    clock = Clock()
    found = [inspection.inspect(home, source, given, words) for source in given.places]
    with warehouse.opened(home.warehouse) as connection:
        for raw in found:
            views.write_views(raw, connection)
        if IDENTITIES not in given.places:  # the build makes an empty table
            for table in source_yml.declared(PROJECT, IDENTITIES):
                views.forget(table, connection)
        views.write_notes(found, connection)
        if found:
            say(f"raw data: {'; '.join(raw.described for raw in found)} ({clock})")
        history.copy_to(connection, home)
        last_publication.copy_to(connection, home, run, given)
        run.checks = judge.checks(connection, run, given, judge.made_by(given, PROJECT))
        in_memory = scratch.fits(connection, found)
    run.raw_check_seconds = clock.seconds
    return in_memory


def _end_build(home: Home, run: Run, built: dbt_run.Outcome) -> None:
    """Say how the build went; Stop when it failed."""
    if any(is_no_room(line) for line in built.failures):  # all others follow from it
        raise Stop(f"{home.folder}: {MAKE_ROOM}")
    if built.is_killed:
        run.outcome = KILLED  # the next run must not take it that nothing was cut
    if built.exit_code:
        raise Stop(
            f"not published, {len(built.failures)} failed; dbt's log: {home.dbt_logs / 'dbt.log'}",
            built.exit_code,
            built.failures,
        )
    say(f"build and test: {built.summary or 'nothing to build'} ({run.build_seconds:.1f} s)")


def _judge(home: Home, run: Run, given: Settings, built: dbt_run.Outcome) -> None:
    """Say what was built and record the run beside it; raise Stop if it must not be published."""
    models = [node for node in built.results if node.kind == "model"]
    made = {(model.schema, model.relation) for model in models}
    with warehouse.opened(home.warehouse) as connection:
        for relation in warehouse.drop_forgotten(connection, made):
            say(f"dropped {relation}: no model makes it any more")
        judge.note_judged(connection, judge.made_by(given, PROJECT))
        run.read_figures(connection)
        say(run.cut_line())
        run.findings = findings.exceeded(connection)
        for finding in run.findings:
            warn(f"{finding.line} ({finding.finding})")
        for line in findings.rows_to_paste(connection, run.findings):
            say(line)
        judge.check(connection, run, given, utc_now(), publish.current(home.published))
        findings.refuse(run.findings)
        run.publication = publish.new_name(home.published)
        history.announce(home, run)
        run.end(PUBLISHED, 0, findings.summary(run.findings, given.accepted_findings))
        history.copy_run(connection, home, run)


def _publish(home: Home, run: Run, given: Settings, words: lookups.Lookups) -> Path:
    clock = Clock()
    how: list[str] = []
    rows = words.contents[lookups.TARGETS].rows
    targets = tuple(Target(*target) for target in lookups.targets(rows))
    publication = publish.publish(
        home,
        str(run.publication),
        given.publications_kept,
        with_parquet=given.publish_parquet,
        view=View(given.report_days, targets),
        tell=how.append,
    )
    run.publish_seconds = clock.seconds
    run.end(PUBLISHED, 0, run.message)
    history.published(home, run)
    say(f"published: {home.published / DATABASE} ({publication.name}, {clock}; {how[0]})")
    say(f"report: {home.published / publish.REPORT}")
    _tidy_up(home)
    say(f"done in {run.clock}")
    return publication


def _tidy_up(home: Home) -> None:
    """Vacuum the warehouse, now that no reader waits for it."""
    try:
        warehouse.tidy_up(home.warehouse)
    except (Stop, duckdb.Error) as error:
        warn(f"{home.warehouse}: not vacuumed ({one_line(error)}); the next run does it")


def _report(publication: Path) -> None:
    say("")
    for line in headline.lines(publication / DATABASE):
        say(line)


def _say_ending(error: BaseException, verbose: bool = False) -> int:
    """Say in one line how the run ended, give its exit code."""
    known = how_it_ended(error)
    if known is None:  # its own text may quote a row, so it is for the terminal alone
        if verbose:
            console.show("".join(traceback.format_exception(error)))
        said = (
            f"unexpected error: {where_raised(error)}; --verbose shows it in full, please report it"
        )
        known = (DATA_FAILED, (said,))
    exit_code, lines = known
    for line in lines:
        fail(line)
    return exit_code


def _write_no_more_in_vain() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _on_signal(number: int, frame: FrameType | None) -> None:
    # One is enough: a second must not cut short the tidying up after the first.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    Stopped.received = number
    raise Stopped


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    signal.signal(signal.SIGINT, _on_signal)
    signal.signal(signal.SIGTERM, _on_signal)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup: go on without a terminal
        signal.signal(signal.SIGHUP, _on_signal)
    try:
        # click gives the exit code of --help here, too.
        sys.exit(command.main(prog_name="scripts/nightly", standalone_mode=False) or 0)
    except click.ClickException as error:
        sys.exit(_refuse_command_line(command_line.wrong_use(error, "nightly")))
    except Stop as error:  # there is no home in which to note it
        sys.exit(_refuse_command_line(str(error)))
    except Stopped as error:
        sys.exit(_say_ending(error))


def _refuse_command_line(said: str) -> int:
    """Say what is wrong with the command line, give the exit code."""
    fail(said)
    if AS_JSON in sys.argv:
        run = Run.begun()
        run.end(FAILED, UNUSABLE, said)
        print(run.as_json(None), flush=True)
    return UNUSABLE
