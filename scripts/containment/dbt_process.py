"""The process in which dbt runs: a dbt command, and a file of what came of each node.

dbt's own files, manifest.json and run_results.json, say that too, among all else that is known of
the project; writing them takes a tenth of a night in which little has changed.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from containment import dbt_results
from containment.dbt_results import NodeResult
from containment.errors import one_line

HANDLED, UNHANDLED = 1, 2  # dbt's own exit codes


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


def main() -> None:
    """Take the name of the file for the results and the arguments of dbt; exit as dbt does."""
    file, *arguments = sys.argv[1:]
    outcome = dbtRunner().invoke(arguments)
    results = getattr(outcome.result, "results", None)
    if results is not None:
        try:
            dbt_results.write(Path(file), [_result(result) for result in results])
        except OSError as error:
            sys.exit(f"{file}: {one_line(error)}")
    if outcome.success:
        _exit(0)
    _exit(HANDLED if outcome.exception is None else UNHANDLED)


def _exit(code: int) -> NoReturn:
    """End at once: Python would take apart all that dbt knows of the project, piece by piece."""
    DuckDBConnectionManager.close_all_connections()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
