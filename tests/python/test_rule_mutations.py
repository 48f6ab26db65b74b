"""Every unit test of the models can fail: it does when the rule that it holds is broken."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
import yaml
from mutations import MUTATIONS, Mutation
from projects import ROOT, copy_project

SQL_FILES = {
    path.stem: path.relative_to(ROOT)
    for folder in ("models", "macros")
    for path in (ROOT / folder).rglob("*.sql")
}


def unit_tests() -> set[str]:
    """Every unit test of the project as model.name."""
    return {
        f"{unit_test['model']}.{unit_test['name']}"
        for path in (ROOT / "models").rglob("*.yml")
        for unit_test in (yaml.safe_load(path.read_text()) or {}).get("unit_tests", [])
    }


def dbt(home: Path, arguments: list[str]) -> dict[str, str]:
    """Run dbt in this process, give the status of each node under the end of its id."""
    from dbt.cli.main import dbtRunner

    os.environ["CONTAINMENT_HOME"] = str(home)
    outcome = dbtRunner().invoke([*("--quiet", "--no-write-json", "--no-print"), *arguments])
    if outcome.exception is not None:
        raise RuntimeError(str(outcome.exception))
    return {
        ".".join(result.node.unique_id.split(".")[2:]): str(result.status)
        for result in outcome.result.results
    }


class Project:
    """A copy of the project with empty tables, and a process in which dbt stays loaded."""

    def __init__(self, folder: Path, worker: ProcessPoolExecutor) -> None:
        self.folder = copy_project(folder)
        self.worker = worker
        (folder / "warehouse").mkdir()
        kinds = ("--resource-type", "seed", "--resource-type", "model")
        built = self._dbt("build", "--empty", *kinds)
        assert set(built.values()) == {"success"}

    def run_unit_tests(self, selected: Iterable[str] = ()) -> dict[str, str]:
        """Run these unit tests, without any all of them; give the status of each."""
        each = (name.split(".") for name in selected)
        select = [f"unit_test:{name},{model}" for model, name in each]
        return self._dbt("test", "--select", *(select or ["test_type:unit"]))

    def _dbt(self, command: str, *arguments: str) -> dict[str, str]:
        places = {"project-dir": ".", "profiles-dir": ".", "target-path": "target"}
        options = [f"--{name}={self.folder / place}" for name, place in places.items()]
        log = f"--log-path={self.folder / 'logs'}"
        arguments = (log, command, *options, *arguments)
        return self.worker.submit(dbt, self.folder, list(arguments)).result()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("mutations") / "project"
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as worker:
        yield Project(folder, worker)


def test_every_unit_test_is_proved_by_a_mutation() -> None:
    proved = {name for mutation in MUTATIONS for name in mutation.turns_red}
    assert unit_tests() - proved == set()
    assert proved - unit_tests() == set()


def test_every_mutation_has_its_own_name() -> None:
    assert [name for name, count in Counter(map(str, MUTATIONS)).items() if count > 1] == []


def test_what_a_mutation_changes_is_there() -> None:
    texts = {name: (ROOT / path).read_text(encoding="utf-8") for name, path in SQL_FILES.items()}
    out_of_date = [
        str(mutation)
        for mutation in MUTATIONS
        if texts.get(mutation.sql, "").count(mutation.old) != mutation.times
    ]
    assert out_of_date == []


@pytest.mark.heavy
def test_every_unit_test_passes_without_a_mutation(project: Project) -> None:
    assert project.run_unit_tests() == dict.fromkeys(unit_tests(), "pass")


@pytest.mark.heavy
@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_mutation_turns_its_unit_tests_red(project: Project, mutation: Mutation) -> None:
    file = project.folder / SQL_FILES[mutation.sql]
    sound = file.read_text(encoding="utf-8")
    assert mutation.old in sound
    file.write_text(sound.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        found = project.run_unit_tests(mutation.turns_red)
    finally:
        file.write_text(sound, encoding="utf-8")
    assert found == dict.fromkeys(mutation.turns_red, "fail")
