"""All checks of the project, one after the other; all of them run, whatever fails."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from containment.build import dbt_run
from containment.commands import command_line
from containment.common.clock import Clock
from containment.common.console import say
from containment.common.places import PROJECT, Home

SQL_FOLDERS = ("models", "tests/data", "analyses")
# Most tests wait for a dbt of their own, which uses one core; a module's share what it builds.
PARALLEL = ("--numprocesses=auto", "--dist=loadfile", "--no-loadscope-reorder")
LIGHT = ("-m", "not heavy and not long")
HEAVY = ("-m", "not long", "--hypothesis-profile=many")  # tests/python/conftest.py says how many


@click.command(context_settings=command_line.CONTEXT)
@click.option("--all", "heavy", is_flag=True, help="Also the checks that take long.")
def command(heavy: bool) -> int:
    """Check code and types, build the sample with all its tests, run pytest.

    Every check runs, whatever fails; the exit code is 1 when one did. The last line is pytest's.
    """
    failed = [name for name, passed in _checks() if not passed]
    if failed:
        say(f"failed: {', '.join(failed)}; now pytest")
    pytest = _python("pytest", *PARALLEL, *(HEAVY if heavy else LIGHT))
    code = subprocess.run(pytest, cwd=PROJECT, check=False).returncode
    return 1 if failed else code


def _checks() -> Iterator[tuple[str, bool]]:
    """Run each check but pytest; yield its name and whether it passed."""
    with tempfile.TemporaryDirectory(prefix="containment-test-") as folder:
        home = Home(Path(folder))
        # The linter's dbt must not write into the project either.
        environment = {
            **dbt_run.environment(home),
            "DBT_TARGET_PATH": str(home.dbt_target),
            "DBT_LOG_PATH": str(home.dbt_logs),
        }
        home.warehouse_folder.mkdir()
        folders = [name for name in SQL_FOLDERS if any((PROJECT / name).rglob("*.sql"))]
        for name, command in (
            ("ruff check", _python("ruff", "check", "--quiet")),
            ("ruff format", _python("ruff", "format", "--check", "--quiet")),
            ("mypy", _python("mypy", "--cache-dir", f"{folder}/mypy")),
            ("yamllint", _python("yamllint", "--strict", ".")),
            (
                "sqlfluff",
                _python("sqlfluff", "lint", "--processes=0", "--disable-progress-bar", *folders),
            ),
        ):
            clock = Clock()
            done = subprocess.run(
                command,
                cwd=PROJECT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            yield name, _told(name, done.returncode == 0, clock, done.stdout)
        clock = Clock()
        outcome = dbt_run.build(PROJECT, home, dbt_run.DUCKDB, {}, unit_tests=True)
        said = "\n".join(outcome.failures) or outcome.summary
        yield (
            "dbt build",
            _told(f"dbt build ({outcome.summary})", outcome.exit_code == 0, clock, said),
        )


def _told(name: str, passed: bool, clock: Clock, output: str) -> bool:
    say(f"{'ok    ' if passed else 'FAILED'} {name} ({clock})")
    if not passed:
        say(output.rstrip())
    return passed


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    command_line.run(command, "test")
