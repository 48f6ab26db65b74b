"""Imported by the process that forks dbt invocations: it parses a project that has only our macros.

What dbt makes on the way is then in the memory of each fork: the schemas of its own classes, which
cost as much as all else that it does before the first model, and the compiled macros.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.clients.jinja import template_cache

MACROS = Path(__file__).resolve().parents[2] / "macros"
PROJECT = {
    "name": "containment",
    "config-version": 2,
    "profile": "warm",
    "macro-paths": [str(MACROS)],
}
PROFILES = {"warm": {"target": "it", "outputs": {"it": {"type": "duckdb", "path": ":memory:"}}}}


def _parsed(folder: Path) -> Manifest:
    for name, content in {"dbt_project.yml": PROJECT, "profiles.yml": PROFILES}.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")  # is yaml, too
    options = ("--project-dir", "--profiles-dir", "--target-path", "--log-path")
    places = [word for option in options for word in (option, str(folder))]
    outcome = dbtRunner().invoke(["--quiet", "--no-write-json", "parse", *places])
    assert isinstance(outcome.result, Manifest), outcome.exception
    return outcome.result


os.environ["DO_NOT_TRACK"] = "1"
with tempfile.TemporaryDirectory() as name:
    for macro in _parsed(Path(name)).macros.values():
        template_cache.get_node_template(macro)
