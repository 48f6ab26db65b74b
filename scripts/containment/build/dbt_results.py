"""What came of each node of a dbt run, as the run's own process writes it down at its end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class NodeResult:
    """What came of a seed, a model, a test or a hook: dbt's own words, and no others."""

    kind: str  # seed, model, test, unit_test, operation ...
    name: str
    status: str  # success, pass, warn, fail, error, skipped
    seconds: float = 0
    failures: int = 0  # rows that failed a test
    message: str = ""
    file: str = ""  # in the project
    description: str = ""
    schema: str = ""
    relation: str = ""  # its name in the schema
    query: str = ""
    query_file: str = ""
    failing_rows: str = ""  # the table into which dbt put a test's failing rows


def write(file: Path, results: Iterable[NodeResult]) -> None:
    """Write the results of a run to a file."""
    file.write_text(json.dumps([asdict(result) for result in results]), encoding="utf-8")


def read(file: Path) -> list[NodeResult] | None:
    """Read the results of a run; None when the file is not there or not whole."""
    try:
        return [NodeResult(**result) for result in json.loads(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return None
