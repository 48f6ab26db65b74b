"""Run `dbt build` as a process of its own, and say in one line each what failed in it.

A process of its own, because dbt inside this one would keep the warehouse file open.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from containment.build import dbt_results, failing_rows
from containment.build.dbt_results import NodeResult
from containment.common import child, duckdb_words
from containment.common.console import Progress, show
from containment.common.errors import DATA_FAILED, UNUSABLE, is_no_room
from containment.common.places import PROJECT, Home
from containment.common.warehouse import MEMORY_LIMIT_VARIABLE

DUCKDB = "duckdb"  # the target and the engine of a night
DEFAULTS = {
    "DBT_WRITE_JSON": "false",  # manifest.json, run_results.json: `dbt_results` does instead
    "DBT_LOG_LEVEL_FILE": "info",  # debug: also each statement
}
# Next to nothing that dbt makes becomes garbage: looking for it costs a night half a second.
PROCESS = "import gc; gc.disable(); from containment.build.dbt_process import main; main()"
FINISHED = ("LogSeedResult", "LogModelResult", "LogTestResult")  # dbt's events: a node is done
ESCAPE = re.compile(r"\x1b\[\d*m")
PROGRESS = re.compile(r"\d+ of \d+ ")  # "3 of 243 ERROR loading ..." says no reason
LABEL = re.compile(r"\[(ERROR|WARNING)\]: ")
HEADER = re.compile(r"(\w+ )?(Error|Exception)( in .*)?")
NO_USE = re.compile(r"|Encountered an error:|LINE \d+:.*|\^+|compiled code at .*|> .*")
LONGEST = 300  # characters of a message
SECONDS_TO_END = 10


@dataclass
class Outcome:
    """How the build ended: the nightly's exit code, and a line for each failure."""

    exit_code: int
    summary: str = ""
    failures: list[str] = field(default_factory=list)
    results: Sequence[NodeResult] = ()
    is_killed: bool = False


def build(
    project: Path,
    home: Home,
    target: str,
    dbt_vars: Mapping[str, Any],
    *,
    full_refresh: bool = False,
    verbose: bool = False,
    unit_tests: bool = False,
    tests: bool = True,
    select: Sequence[str] = (),
    more_environment: Mapping[str, str] | None = None,
    process: subprocess.Popen[str] | None = None,
) -> Outcome:
    """Build and test every model, or those of `select`, and return how it went.

    dbt's own words go to its log in `home`. process: one that is `started` and waits.
    """
    home.dbt_results.unlink(missing_ok=True)
    arguments = [
        str(home.dbt_results),
        *("--log-format", "json", "--log-format-file", "text", "--log-path", str(home.dbt_logs)),
        *("--warn-error", "build", "--target", target, "--target-path", str(home.dbt_target)),
        *("--project-dir", str(project), "--profiles-dir", str(project)),
        *("--vars", json.dumps(dbt_vars, sort_keys=True, default=str)),
        *([] if unit_tests else ["--exclude-resource-type", "unit_test"]),
        *([] if tests else ["--exclude-resource-type", "test"]),
        *(["--select", *select] if select else []),
        *(["--full-refresh"] if full_refresh else []),
    ]
    in_full = {duckdb_words.IN_FULL: "yes"} if verbose else {}
    more = {**in_full, **(more_environment or {})}
    if process is None:
        process = _start(arguments, {**environment(home), **more}, project)
    else:
        _tell(process, arguments, more, project)
    exit_code, errors = _followed(process, verbose)
    results = dbt_results.read(home.dbt_results)
    summary = _summary(results or [])
    if exit_code == 0 and results is not None:
        failing_rows.keep(home, {})
        return Outcome(0, summary, results=results)
    failures = list(_failures(results or [], home))
    if failures:
        data_only = all(result.status != "error" for result in results or [])
        return Outcome(DATA_FAILED if data_only else UNUSABLE, summary, failures)
    if exit_code < 0:
        return Outcome(UNUSABLE, summary, [_killed(-exit_code)], is_killed=True)
    # A full disk makes models fail first, and then the file that would say why.
    errors.sort(key=lambda said: not is_no_room(said))
    return Outcome(UNUSABLE, summary, errors[:1] or [f"dbt ended with exit code {exit_code}"])


@contextmanager
def started(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Start the process of a later build now, to save its start-up; end it with the block."""
    process = _start([], environment(home), PROJECT, stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        _end(process)


def defaults() -> dict[str, str]:
    """What dbt needs in its environment where the user has set nothing else."""
    return {name: value for name, value in DEFAULTS.items() if name not in os.environ}


def environment(home: Home) -> dict[str, str]:
    """What dbt, and whatever starts it, needs in its environment to work in a home."""
    return {
        **os.environ,
        **defaults(),
        "CONTAINMENT_HOME": str(home.folder),
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(PROJECT / "scripts"), os.environ.get("PYTHONPATH")])
        ),
        "PYTHONUNBUFFERED": "1",
    }


def _start(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    project: Path,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        child.command(PROCESS, *arguments),
        cwd=project,
        env=environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        close_fds=False,  # it keeps the lock of the home till it has ended as well
        start_new_session=True,  # Ctrl-C reaches this process alone, which ends dbt in order
    )


def _tell(
    process: subprocess.Popen[str],
    arguments: Sequence[str],
    more_environment: Mapping[str, str],
    project: Path,
) -> None:
    """Tell a process that waits what to do: a line of JSON."""
    told = {
        "arguments": arguments,
        "environment": more_environment,
        "folder": str(project),
    }
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:  # it has ended, and will be asked why
        process.stdin.write(json.dumps(told) + "\n")


def _followed(process: subprocess.Popen[str], verbose: bool) -> tuple[int, list[str]]:
    """Wait for dbt, give its exit code, what it said about errors, and its last line."""
    errors: list[str] = []
    last = ""
    progress = Progress("build and test")
    try:
        assert process.stdout is not None
        for line in process.stdout:
            level, message, total = _event(line)
            if total and not verbose:
                progress.step(total)
            if verbose and level != "debug":
                for each in ESCAPE.sub("", message).splitlines():  # dbt's own lines and colours
                    show(each)
            if level == "error" and not PROGRESS.match(message):
                errors.append(useful_line(message))
            last = message.strip() or last
        exit_code = process.wait()
    finally:
        progress.close()
        _end(process)
    return exit_code, [*errors, *([last] if last else [])]


def _end(process: subprocess.Popen[str]) -> None:
    """End dbt and all it started, when it is still there."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            break
        os.killpg(process.pid, ending)
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            continue
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()


def _killed(number: int) -> str:
    """What to say of a dbt that the signal with this number ended."""
    if number != signal.SIGKILL:
        return f"dbt: ended by a signal ({signal.strsignal(number)}); start again"
    return (
        "dbt: killed; start again. If nobody did it, memory ran out: set "
        f"{MEMORY_LIMIT_VARIABLE}, e.g. to 4GB"
    )


def _event(line: str) -> tuple[str, str, int]:
    """The level and message of a line of dbt's, and how many nodes there are if one is done."""
    try:
        event = json.loads(line)
        info, data = event["info"], event["data"]
        total = data.get("total") or data.get("num_models") if info["name"] in FINISHED else 0
        return str(info["level"]), str(info["msg"]), int(total or 0)
    except (ValueError, TypeError, KeyError, AttributeError):
        return "", line.rstrip(), 0


def useful_line(message: str) -> str:
    """Take a message of dbt's, give what helps of it in one line.

    "Compilation Error\\n  Model 'a' (models/a.sql) depends on a node\\n  LINE 3: ..." gives
    "Model 'a' (models/a.sql) depends on a node".
    """
    lines: list[str] = []
    for line in message.splitlines():
        plain = LABEL.sub("", ESCAPE.sub("", line)).strip()
        if plain.startswith("-----"):
            break
        if not NO_USE.fullmatch(plain) and plain not in ("Compilation Error", "Parsing Error"):
            lines.append(plain)
    said = duckdb_words.replaced("; ".join(lines))
    return said if len(said) <= LONGEST else said[: LONGEST - 4] + " ..."


def _database_line(message: str) -> str:
    """Take the message of a node that failed, give its first line that is not a heading."""
    lines = [ESCAPE.sub("", line).strip() for line in message.splitlines()]
    useful = [line for line in lines if not NO_USE.fullmatch(line) and not HEADER.fullmatch(line)]
    return duckdb_words.replaced((useful or lines or ["no message"])[0])


def _summary(results: Sequence[NodeResult]) -> str:
    """'3 seeds, 20 models, 90 tests'."""
    kinds = Counter(result.kind for result in results)
    order = ("seed", "model", "snapshot", "unit_test", "test")
    return ", ".join(
        f"{kinds[kind]} {kind.replace('_', ' ')}{'' if kinds[kind] == 1 else 's'}"
        for kind in order
        if kinds[kind]
    )


def _failures(results: Sequence[NodeResult], home: Home) -> Iterator[str]:
    """A line for each node that failed, those that were only skipped left out."""
    kept = failing_rows.keep(
        home,
        {
            # A test's query, or where dbt has put what it gave.
            result.name: f"select * from {result.failing_rows}"
            if result.failing_rows
            else result.query
            for result in results
            if _is_failed_test(result) and result.query
        },
    )
    for result in results:
        if _is_failed_test(result):
            where = f'see table "{result.name}" in {home.failing_rows}'
            advice = _advice(result, home, where if result.name in kept else "")
            checks = f" ({kept[result.name]})" if kept.get(result.name) else ""
            yield f"test {result.name}: {_rows(result)}{checks}; {advice}"
        elif result.status in ("error", "fail"):
            where = f"{result.kind.replace('_', ' ')} {result.name}" + (
                f" ({result.file})" if result.file else ""
            )
            yield f"{where}: {_database_line(result.message)}"


def _is_failed_test(result: NodeResult) -> bool:
    return result.status == "fail" and result.kind == "test"


def _rows(result: NodeResult) -> str:
    return f"{result.failures:,} failing {'row' if result.failures == 1 else 'rows'}"


def _advice(result: NodeResult, home: Home, where: str) -> str:
    """What the test's description says, and where its rows or its query are."""
    said = " ".join(result.description.split()).rstrip(".")
    if result.query_file and not where:
        where = f"see them in {home.warehouse} with the query {result.query_file}"
    return "; ".join(part for part in (said, where) if part) or "see dbt's log"
