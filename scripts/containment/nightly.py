"""The night: settings, lock, raw data, build and test, judge, publish, report."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import click
import duckdb

from containment import (
    console,
    dbt_run,
    duckdb_words,
    findings,
    headline,
    history,
    judge,
    last_time,
    lookup_tables,
    lookups,
    own_config,
    publish,
    raw_data,
    raw_views,
    run_lock,
    scratch,
    settings,
    warehouse,
)
from containment.console import Clock, fail, say, warn
from containment.errors import (
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
from containment.own_config import OwnConfig
from containment.places import PROJECT, Home, absolute
from containment.run import FAILED, FULL, KILLED, PUBLISHED, RUNNING, Run, utc_now
from containment.settings import Given, Settings

DUCKDB = "duckdb"
AS_JSON = "--json"


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 published; 1 the data failed a test or were refused (rows missing, "
    "stale, a finding); 2 wrong settings, unreadable input or a model that does not build; 3 "
    "another run holds the lock. After any but 0 the last publication stays.",
)
@click.option(
    "--source", "sources", multiple=True, metavar="NAME", help="A raw system; repeatable."
)
@click.option("--raw-path", metavar="DIR", help="The folder of the tables that the source reads.")
@click.option(
    "--as-of", metavar="TIME", help="The moment at which silence is judged (ISO 8601, UTC)."
)
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="FINDING",
    help="Publish in spite of this finding, with a warning; repeatable.",
)
@click.option("--full-refresh", is_flag=True, help="Cut every conversation again.")
@click.option(
    "--home",
    metavar="DIR",
    envvar="CONTAINMENT_HOME",
    help="Where warehouse/, published/, history/ and logs/ live (CONTAINMENT_HOME; default: the "
    "project).",
)
@own_config.option
@click.option("--target", metavar="NAME", default=DUCKDB, show_default=True, help="dbt's target.")
@click.option(
    "--vars", "vars_text", metavar="YAML", help="Other settings: '{courtesy_minutes: 5}'."
)
@click.option(
    AS_JSON, "as_json", is_flag=True, help="One JSON object on stdout at the end, lines on stderr."
)
@click.option(
    "--verbose", is_flag=True, help="Show what dbt says, and errors in full: on the terminal alone."
)
def command(
    sources: tuple[str, ...],
    raw_path: str | None,
    as_of: str | None,
    accepted: tuple[str, ...],
    full_refresh: bool,
    home: str | None,
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
    options: dict[str, Given] = {}
    if sources:
        options["sources"] = Given(list(sources), "--source")
    if raw_path is not None:
        options["raw_path"] = Given(raw_path, "--raw-path")
    if as_of is not None:
        options["as_of"] = Given(as_of, "--as-of")
    if accepted:
        options["accepted_findings"] = Given(list(accepted), "--accept")
    if as_json:
        console.keep_stdout_free()
    if verbose:
        duckdb_words.show_in_full(console.show)
    run = Run.begun()
    place = Home(absolute(home, "--home") if home else PROJECT)
    console.log_to(place.nightly_log)
    publication = None
    try:
        publication = night(
            place,
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
            history.note(place, run)
        if isinstance(error, BrokenPipeError):
            # The reader of the output has gone; the run has come to its end or been undone. click
            # would make it exit code 1.
            _write_no_more_in_vain()
            console.log(f"error: nobody reads the output any more; the run is {run.outcome}")
            return run.exit_code or 0
        return _say_ending(error, verbose)
    finally:
        if as_json:
            print(run.as_json(headline.numbers(publication, run.run_id)), flush=True)


def night(
    home: Home,
    run: Run,
    options: Mapping[str, Given],
    vars_text: str | None = None,
    *,
    config_folder: str | None = None,
    target: str = DUCKDB,
    full_refresh: bool = False,
    verbose: bool = False,
) -> Path:
    """Do one night, give the folder of its publication; Stop where it cannot go on.

    `run` is filled with what becomes known of it.
    """
    if any(sign in str(home.folder) for sign in "?\\"):  # DuckDB takes them for other than a name
        raise Stop(f"{home.folder}: no database can lie in a folder with ? or \\ in its name")
    own = own_config.find(home.folder, config_folder, lookup_tables.declared(PROJECT))
    given = settings.load(PROJECT, options, vars_text, os.environ, own.settings).at(run.started_at)
    run.sources = ", ".join(given.sources)
    run.raw_path = masked(judge.raw_path(given.places) or "") or None
    words = lookups.load(PROJECT, own.lookups)
    findings.check_accepted(given.accepted_findings, words.findings)
    if settings.target_type(PROJECT, target) != DUCKDB:
        raise Stop(
            f"--target {target}: the night builds and publishes on DuckDB; "
            f"there run: dbt build --target {target} (README: On Spark)"
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
                    _build(
                        project,
                        home,
                        run,
                        given,
                        target,
                        place,
                        process,
                        full_refresh=full_refresh,
                        verbose=verbose,
                    )
            _judge(home, run, given)
            return _publish(home, run, given)

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
    """Check the raw data, lay views on them, and put what earlier nights published beside them.

    Give whether memory holds what is made of them.
    """
    clock = Clock()
    found = [raw_data.inspect(home, source, given, words) for source in given.places]
    with warehouse.opened(home.warehouse) as connection:
        for raw in found:
            raw_views.write_views(raw, connection)
        raw_views.write_notes(found, connection)
        if found:
            say(f"raw data: {'; '.join(raw.described for raw in found)} ({clock})")
        history.copy_to(connection, home)
        last_time.copy_to(connection, home, run, given)
        run.checks = judge.checks(connection, run, given, judge.made_by(given, PROJECT))
        in_memory = scratch.fits(connection, found)
    run.raw_check_seconds = clock.seconds
    return in_memory


def _build(
    project: Path,
    home: Home,
    run: Run,
    given: Settings,
    target: str,
    place: Mapping[str, str],
    process: subprocess.Popen[str],
    *,
    full_refresh: bool,
    verbose: bool,
) -> None:
    clock = Clock()
    say("build and test: dbt build ...")
    outcome = dbt_run.build(
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
    if any(is_no_room(line) for line in outcome.failures):  # all others follow from it
        raise Stop(f"{home.folder}: {MAKE_ROOM}")
    if outcome.is_killed:
        run.outcome = KILLED  # the next run must not take it that nothing was cut
    if outcome.exit_code:
        raise Stop(
            f"not published, {len(outcome.failures)} failed; dbt's log: "
            f"{home.dbt_logs / 'dbt.log'}",
            outcome.exit_code,
            outcome.failures,
        )
    say(f"build and test: {outcome.summary or 'nothing to build'} ({clock})")
    models = [node for node in outcome.results if node.kind == "model"]
    made = {(model.schema, model.relation) for model in models}
    for relation in warehouse.drop_forgotten(home.warehouse, made):
        say(f"dropped {relation}: no model makes it any more")


def _judge(home: Home, run: Run, given: Settings) -> None:
    """Say what was built; Stop when it should not be published."""
    with warehouse.opened(home.warehouse) as connection:
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


def _publish(home: Home, run: Run, given: Settings) -> Path:
    clock = Clock()
    run.publication = publish.new_name(home.published)
    history.announce(home, run)
    message = findings.summary(run.findings, given.accepted_findings)
    run.end(PUBLISHED, 0, message)  # its own row is published with it
    with warehouse.opened(home.warehouse) as connection:
        history.copy_run(connection, home, run)
    how: list[str] = []
    publication = publish.publish(
        home,
        run.publication,
        given.publications_kept,
        with_parquet=given.publish_parquet,
        tell=how.append,
    )
    run.publish_seconds = clock.seconds
    run.end(PUBLISHED, 0, message)
    history.published(home, run)
    say(f"published: {home.published / publish.DATABASE} ({publication.name}, {clock}; {how[0]})")
    say(f"report: {home.published / publish.REPORT}")
    _tidy_up(home)
    say(f"done in {run.clock}")
    return publication


def _tidy_up(home: Home) -> None:
    """Give back room in the warehouse, now that no reader waits for it."""
    try:
        warehouse.tidy_up(home.warehouse)
    except (Stop, duckdb.Error) as error:
        warn(f"{home.warehouse}: not tidied up ({one_line(error)}); the next night makes up for it")


def _report(publication: Path) -> None:
    say("")
    for line in headline.lines(publication / "containment.duckdb"):
        say(line)


def _say_ending(error: BaseException, verbose: bool = False) -> int:
    """Say in one line how the run ended, give its exit code."""
    known = how_it_ended(error)
    if known is None:  # its own text may quote a row, so it is for the terminal alone
        if verbose:
            console.show("".join(traceback.format_exception(error)))
        said = f"unforeseen: {where_raised(error)}; --verbose shows all of it, please report it"
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
        said = " ".join(error.format_message().split())
        sys.exit(_refuse_command_line(f"{said} (see scripts/nightly --help)"))
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
