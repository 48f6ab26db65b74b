"""The process in which dbt runs: a dbt command, and a file of what came of each node.

dbt's own files, manifest.json and run_results.json, say that too, among all else that is known of
the project; writing them takes a tenth of a night in which little has changed.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.environments import local
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt_common.exceptions import DbtRuntimeError

from containment.build import dbt_results
from containment.build.dbt_results import NodeResult
from containment.common import duckdb_words
from containment.common.errors import one_line

HANDLED, UNHANDLED = 1, 2  # dbt's own exit codes
NIGHTLY = ("as_of", "not_after", "checks")  # vars that no night shares with another one
PLACES = ("--target", "--target-path", "--project-dir", "--profiles-dir")


def _result(result: Any) -> NodeResult:
    node = result.node
    config = getattr(node, "config", None)
    is_stored = getattr(config, "store_failures", False)
    return NodeResult(
        kind=str(node.resource_type.value),
        name=node.name,
        status=str(result.status.value),
        seconds=result.execution_time,
        failures=result.failures or 0,
        message=result.message or "",
        file=node.original_file_path,
        description=getattr(node, "description", "") or "",
        schema=getattr(node, "schema", "") or "",
        relation=getattr(node, "alias", "") or "",
        query=getattr(node, "compiled_code", "") or "",
        query_file=getattr(node, "compiled_path", "") or "",
        failing_rows=(getattr(node, "relation_name", "") or "") if is_stored else "",
    )


class Cursor(local.DuckDBCursorWrapper):
    """dbt's cursor, whose errors say nothing of the data: dbt writes them into its log."""

    def execute(self, *arguments: Any, **options: Any) -> Any:
        """As dbt's own; an error holds our words for what DuckDB says."""
        return _in_words(super().execute, *arguments, **options)

    def __getattr__(self, name: str) -> Any:
        found = super().__getattr__(name)  # type: ignore[no-untyped-call]
        return partial(_in_words, found) if name.startswith("fetch") else found


def _in_words(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    try:
        return function(*arguments, **options)
    except duckdb.Error as error:
        raise type(error)(duckdb_words.of(str(error))) from None
    except DbtRuntimeError as error:  # of what is no error of DuckDB's own kinds
        raise DbtRuntimeError(duckdb_words.of(str(error.__cause__ or error))) from None
    except UnicodeError:  # of a message that quotes wrong bytes
        raise duckdb.InvalidInputException("not UTF-8 text") from None


def _invoke(arguments: list[str]) -> dbtRunnerResult:
    """Run dbt with these arguments, and reuse what an earlier night parsed.

    dbt parses the whole project again when a var changes, and those of NIGHTLY always do. No
    node's place or configuration depends on them, so it parses without them.
    """
    if "build" not in arguments:
        return dbtRunner().invoke(arguments)
    at = arguments.index("build")
    place = [each for name in PLACES for each in _option(arguments, name)]
    given = json.loads(_option(arguments, "--vars")[1])
    lasting = json.dumps({name: value for name, value in given.items() if name not in NIGHTLY})
    # The build writes the manifest, where it is wanted at all.
    parse = [*arguments[:at], "--no-write-json", "parse", *place, "--vars", lasting]
    parsed = dbtRunner().invoke(parse)
    if not parsed.success:
        return parsed
    assert isinstance(parsed.result, Manifest)
    return dbtRunner(manifest=parsed.result).invoke(arguments)


def _option(arguments: list[str], name: str) -> list[str]:
    at = arguments.index(name)
    return arguments[at : at + 2]


def main() -> None:
    """Run dbt with the arguments that dbt_run writes to standard input, or with those given: the
    file for the results, then dbt's own. Exit as dbt does.
    """
    arguments = sys.argv[1:] or _told()
    if duckdb_words.IN_FULL in os.environ:
        duckdb_words.show_in_full(lambda text: print(text, file=sys.stderr, flush=True))
    local.DuckDBCursorWrapper = Cursor  # type: ignore[misc]  # a class in the place of a class
    file, *arguments = arguments
    outcome = _invoke(arguments)
    results = getattr(outcome.result, "results", None)
    if results is not None:
        try:
            dbt_results.write(Path(file), [_result(result) for result in results])
        except OSError as error:
            sys.exit(f"{file}: {one_line(error)}")
    if outcome.success:
        _exit(0)
    _exit(HANDLED if outcome.exception is None else UNHANDLED)


def _told() -> list[str]:
    """Wait for what to do, and make ready; exit where nobody needs this process after all."""
    line = sys.stdin.readline()
    if not line:
        sys.exit()
    told = json.loads(line)
    os.environ.update(told["environment"])
    os.chdir(told["folder"])
    return list(told["arguments"])


def _exit(code: int) -> NoReturn:
    """End at once: Python would take apart all that dbt knows of the project, piece by piece."""
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
