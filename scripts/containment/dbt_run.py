"""Run `dbt build` as a process of its own, and say in one line each what failed in it.

A process of its own, because dbt inside this one would keep the warehouse file open.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from containment import failing_rows
from containment.console import Progress, say
from containment.errors import DATA_FAILED, UNUSABLE
from containment.places import Home

# Of what one build makes next to nothing becomes garbage: looking for it took half a second.
DBT = "import gc; gc.disable(); from dbt.cli.main import cli; cli()"
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
    """How the build ended: `exit_code` as the nightly gives it, a line for each failure."""

    exit_code: int
    summary: str = ""
    failures: list[str] = field(default_factory=list)


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
) -> Outcome:
    """Build and test every model, or those of `select`; give how it went.

    dbt's own words go to its log in `home`.
    """
    results = home.dbt_target / "run_results.json"
    results.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-c", DBT),
        *("--log-format", "json", "--log-format-file", "text", "--log-path", str(home.dbt_logs)),
        *("--warn-error", "build", "--target", target, "--target-path", str(home.dbt_target)),
        *("--project-dir", str(project), "--profiles-dir", str(project)),
        *("--vars", json.dumps(dbt_vars, sort_keys=True, default=str)),
        *([] if unit_tests else ["--exclude-resource-type", "unit_test"]),
        *([] if tests else ["--exclude-resource-type", "test"]),
        *(["--select", *select] if select else []),
        *(["--full-refresh"] if full_refresh else []),
    ]
    exit_code, errors = _run(
        command, {**environment(home), **(more_environment or {})}, project, verbose
    )
    found = _read(results)
    summary = _summary(found)
    if exit_code == 0:
        return Outcome(0, summary)
    failures = list(_failures(found, home, _read(home.dbt_target / "manifest.json")))
    if failures:
        data_only = all(row["status"] != "error" for row in found["results"])
        return Outcome(DATA_FAILED if data_only else UNUSABLE, summary, failures)
    return Outcome(UNUSABLE, summary, errors[:1] or [f"dbt ended with exit code {exit_code}"])


def environment(home: Home) -> dict[str, str]:
    """What dbt, and whatever starts it, needs in its environment to work in a home."""
    return {
        **os.environ,
        "CONTAINMENT_HOME": str(home.folder),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PYTHONUNBUFFERED": "1",
    }


def _run(
    command: list[str], environment: Mapping[str, str], project: Path, verbose: bool
) -> tuple[int, list[str]]:
    """Run dbt to its end, give its exit code and what it said about errors."""
    process = subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        close_fds=False,  # it keeps the lock of the home, should this process be killed
        start_new_session=True,  # Ctrl-C reaches this process alone, which ends dbt in order
    )
    errors: list[str] = []
    last = ""
    progress = Progress("build and test")
    try:
        assert process.stdout is not None
        for line in process.stdout:
            level, message, total = _event(line)
            if total and not verbose:
                progress.step(total)
            if verbose and level != "debug" and message:
                say(message)
            if level == "error" and not PROGRESS.match(message):
                errors.append(useful_line(message))
            last = message.strip() or last
        exit_code = process.wait()
    finally:
        progress.close()
        _end(process)
    return exit_code, errors or ([last] if last else [])


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
    if process.stdout is not None:
        process.stdout.close()


def _event(line: str) -> tuple[str, str, int]:
    """The level and the message of a line of dbt's, and for a node that is done how many there are.

    What is not dbt's own has no level.
    """
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
    said = "; ".join(lines)
    return said if len(said) <= LONGEST else said[: LONGEST - 4] + " ..."


def _database_line(message: str) -> str:
    """Take the message of a node that failed, give its first line that is not a heading."""
    lines = [ESCAPE.sub("", line).strip() for line in message.splitlines()]
    useful = [line for line in lines if not NO_USE.fullmatch(line) and not HEADER.fullmatch(line)]
    return (useful or lines or ["no message"])[0]


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _summary(found: Mapping[str, Any]) -> str:
    """'3 seeds, 20 models, 90 tests'."""
    kinds = Counter(str(row["unique_id"]).split(".")[0] for row in found.get("results", []))
    order = ("seed", "model", "snapshot", "unit_test", "test")
    return ", ".join(
        f"{kinds[kind]} {kind.replace('_', ' ')}{'' if kinds[kind] == 1 else 's'}"
        for kind in order
        if kinds[kind]
    )


def _failures(found: Mapping[str, Any], home: Home, manifest: Mapping[str, Any]) -> Iterator[str]:
    """A line for each node that failed, those that were only skipped left out."""
    nodes = manifest.get("nodes", {})
    results = found.get("results", [])
    kept = failing_rows.keep(
        home,
        {
            nodes.get(row["unique_id"], {}).get("name", row["unique_id"]): _query(
                row, nodes.get(row["unique_id"], {})
            )
            for row in results
            if _is_failed_test(row) and row.get("compiled_code")
        },
    )
    for row in results:
        kind, *names = str(row["unique_id"]).split(".")
        # A unit test's own name stands after its model's; a data test's before a hash.
        name = names[-1] if kind == "unit_test" else names[1]
        node = nodes.get(row["unique_id"], {})
        if _is_failed_test(row):
            where = f'see table "{name}" in {home.failing_rows}' if name in kept else ""
            yield f"test {name}: {_rows(row)}; {_advice(node, home, where)}"
        elif row["status"] in ("error", "fail"):
            path = node.get("original_file_path")
            where = f"{kind.replace('_', ' ')} {name}" + (f" ({path})" if path else "")
            yield f"{where}: {_database_line(str(row.get('message') or ''))}"


def _query(row: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """What gives a test's failing rows: its query, or where dbt has put them already."""
    stored = node.get("config", {}).get("store_failures") and node.get("relation_name")
    return f"select * from {stored}" if stored else str(row["compiled_code"])


def _is_failed_test(row: Mapping[str, Any]) -> bool:
    return row["status"] == "fail" and str(row["unique_id"]).startswith("test.")


def _rows(row: Mapping[str, Any]) -> str:
    count = row.get("failures") or 0
    return f"{count:,} failing {'row' if count == 1 else 'rows'}"


def _advice(node: Mapping[str, Any], home: Home, where: str) -> str:
    """What the test's description says, and where its rows or its query are."""
    said = " ".join(str(node.get("description") or "").split()).rstrip(".")
    compiled = node.get("compiled_path")
    if compiled and not where:
        where = f"see them in {home.warehouse} with the query {compiled}"
    return "; ".join(part for part in (said, where) if part) or "see dbt's log"
