"""How the Python is laid out: packages in the order of a run, and each constant in one place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import projects
import pytest

SCRIPTS = projects.ROOT / "scripts"
# A package uses those before it.
ORDER = (
    *("common", "settings", "raw", "build", "query", "bi", "report", "publish", "runs", "messages"),
    *("extraction", "commands", "benchmarking"),
)
FILES = {
    ".".join(path.relative_to(SCRIPTS).with_suffix("").parts).removesuffix(".__init__"): path
    for path in SCRIPTS.rglob("*.py")
    if "templates" not in path.parts
}


def imported(path: Path) -> Iterator[str]:
    """The project's own modules that a module imports, at its top or later."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = (f"{node.module}.{each.name}" for each in node.names)
            yield from (each if each in FILES else node.module for each in names)


def package(module: str) -> str:
    parts = module.split(".")
    return parts[0] if parts[0] == "benchmarking" else parts[1]


def test_no_two_modules_need_each_other() -> None:
    graph = {module: set(imported(path)) & FILES.keys() for module, path in FILES.items()}
    assert len(graph) > 80
    assert all(TopologicalSorter(graph).static_order())  # CycleError names a cycle


def test_a_package_uses_those_before_it() -> None:
    first = {"containment", "containment.bootstrap"}
    for module in FILES.keys() - first:
        later = ORDER[ORDER.index(package(module)) + 1 :]
        used = set(imported(FILES[module])) & FILES.keys() - first
        assert [each for each in used if package(each) in later] == [], module


def test_what_makes_the_venv_uses_nothing_of_it() -> None:
    assert not set(imported(FILES["containment.bootstrap"])) & FILES.keys()


@pytest.mark.parametrize("constant", ["containment.duckdb", "v1.0.0", "1.959963984540054"])
def test_a_constant_stands_in_one_place(constant: str) -> None:
    found = [
        module
        for module, path in FILES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and str(node.value) == constant
    ]
    assert len(found) == 1


def test_every_script_is_linted() -> None:
    written = (projects.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    linted = set(re.findall(r'"scripts/([a-z-]+)",', written))
    python = {
        path.name
        for path in SCRIPTS.iterdir()
        if path.is_file() and path.read_text(encoding="utf-8").startswith("#!/usr/bin/env python3")
    }
    assert "nightly" in python
    assert linted == python
