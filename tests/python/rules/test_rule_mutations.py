"""Every unit test of the models can fail: it does when the rule that it holds is broken."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from _pytest.mark.structures import ParameterSet
from mutations import MUTATIONS, Mutation
from projects import FILES_SOURCE, ROOT, copy_project

from containment.raw import views
from containment.settings import source_yml

SQL_FILES = {
    path.stem: path.relative_to(ROOT)
    for folder in ("models", "macros")
    for path in (ROOT / folder).rglob("*.sql")
}

MACRO = re.compile(r"{%-? *macro +(\w+)")
WORD = re.compile(r"\w+")

# Their models are on in a run of their own, and so are their unit tests.
SYSTEMS = sorted(
    path.parent.name
    for path in (ROOT / "models" / "staging").glob("*/_*__sources.yml")
    if path.parent.name != FILES_SOURCE
)
SYSTEM_MODELS = {
    name
    for name, path in SQL_FILES.items()
    if path.parent.name in SYSTEMS and "models" in path.parts
}


def unit_tests() -> set[str]:
    """Every unit test of the project as model.name."""
    return {
        f"{unit_test['model']}.{unit_test['name']}"
        for path in (ROOT / "tests" / "unit").rglob("*.yml")
        for unit_test in (yaml.safe_load(path.read_text()) or {}).get("unit_tests", [])
    }


def dbt(home: Path, arguments: list[str], manifest: Any = None) -> Any:
    """Run dbt in this process, on a project that it reads or has read; give its result."""
    from dbt.cli.main import dbtRunner

    os.environ["CONTAINMENT_HOME"] = str(home)
    # Unit tests ask the tables for their columns, long after the last model that reads them.
    os.environ["CONTAINMENT_SCRATCH"] = str(home / "scratch.duckdb")
    runner = dbtRunner(manifest=manifest)
    outcome = runner.invoke([*("--quiet", "--no-write-json", "--no-print"), *arguments])
    if outcome.exception is not None:
        raise RuntimeError(str(outcome.exception))
    return outcome.result


def statuses(result: Any) -> dict[str, str]:
    """The status of each node under the end of its id."""
    return {
        ".".join(each.node.unique_id.split(".")[2:]): str(each.status)
        for each in result.results
        if not each.node.unique_id.startswith("operation.")  # the hook before the run
    }


class Project:
    """A copy of the project with empty tables, in a process in which dbt stays loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = copy_project(folder)
        (folder / "warehouse").mkdir()
        self._lay_views()
        folders = [f"path:{top}/{each}" for top in ("models/staging", "seeds") for each in SYSTEMS]
        self._build(systems=False)
        self._build("--select", *folders, "event_types", "channel_policies", systems=True)
        self._manifests = {systems: self._read(systems) for systems in (False, True)}

    def _lay_views(self) -> None:
        """The raw tables of every system, without a row."""
        with duckdb.connect(str(self.folder / "warehouse" / "containment.duckdb")) as connection:
            connection.execute(f"create schema {source_yml.SCHEMA}")
            for system in SYSTEMS:
                for table in source_yml.declared(self.folder, system):
                    select = views.select(table, [])
                    connection.execute(f"create view {source_yml.SCHEMA}.{table.view} as {select}")

    def _read(self, systems: bool) -> Any:
        """The project as dbt has read it, without the hooks, which unit tests do not need."""
        manifest = self._invoke("parse", systems=systems)
        for name in [each for each in manifest.nodes if each.startswith("operation.")]:
            del manifest.nodes[name]
        return manifest

    def run_unit_tests(self) -> dict[str, str]:
        """Run the unit tests of the systems, give the status of each."""
        mine = [f"test_type:unit,path:tests/unit/staging/{system}" for system in SYSTEMS]
        return self._test(*mine, systems=True)

    def run_mutated(self, mutations: Sequence[Mutation]) -> dict[str, str]:
        """Run the unit tests that these defects, made together, must turn red.

        The defects are made in what dbt has read: to read 500 files again takes it seconds.
        """
        each = [name.split(".") for mutation in mutations for name in mutation.turns_red]
        systems = any(model in SYSTEM_MODELS for model, _ in each)
        manifest = self._manifests[systems]
        sound: list[tuple[Any, str, str]] = []
        try:
            for mutation in mutations:
                # A model is a node; a file of macros holds several.
                written = [
                    (node, field, getattr(node, field))
                    for nodes, field in (
                        (manifest.nodes, "raw_code"),
                        (manifest.macros, "macro_sql"),
                    )
                    for node in nodes.values()
                    if node.original_file_path == str(SQL_FILES[mutation.sql])
                ]
                changed = [place for place in written if mutation.old in place[2]]
                assert changed, mutation
                sound += changed
                for node, field, text in changed:
                    setattr(node, field, text.replace(mutation.old, mutation.new))
            return self._test(
                *[f"unit_test:{name},{model}" for model, name in each], systems=systems
            )
        finally:
            for node, field, text in sound:
                setattr(node, field, text)

    def _test(self, *select: str, systems: bool) -> dict[str, str]:
        return statuses(
            self._invoke(
                "test", "--select", *select, systems=systems, manifest=self._manifests[systems]
            )
        )

    def _build(self, *arguments: str, systems: bool) -> None:
        kinds = ("--resource-type", "seed", "--resource-type", "model")
        built = self._invoke("build", "--empty", *kinds, *arguments, systems=systems)
        assert set(statuses(built).values()) == {"success"}

    def _invoke(self, command: str, *arguments: str, systems: bool, manifest: Any = None) -> Any:
        # A target of its own: what dbt has parsed holds for the same sources only.
        target = "target-systems" if systems else "target"
        places = {"project-dir": ".", "profiles-dir": ".", "target-path": target}
        sources = ("--vars", json.dumps({"sources": SYSTEMS})) if systems else ()
        options = [f"--{name}={self.folder / place}" for name, place in places.items()]
        log = f"--log-path={self.folder / 'logs'}"
        return dbt(self.folder, [log, command, *options, *sources, *arguments], manifest)


workers_project: Project | None = None  # each worker process has one of its own


def begin_worker(folder: Path) -> None:
    global workers_project
    workers_project = Project(folder / str(os.getpid()))


def found_by_worker(mutations: Sequence[Mutation]) -> dict[str, str]:
    """The status of the unit tests of these mutations; without one, of the systems."""
    assert workers_project is not None
    return workers_project.run_mutated(mutations) if mutations else workers_project.run_unit_tests()


@pytest.fixture(scope="session")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessPoolExecutor]:
    """A process with a project of its own, for dbt leaves traces in the one that it runs in."""
    with ProcessPoolExecutor(
        max_workers=1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=begin_worker,
        initargs=(tmp_path_factory.mktemp("mutations"),),
    ) as worker:
        yield worker
        worker.shutdown(cancel_futures=True)


def used_macros() -> dict[str, frozenset[str]]:
    """The files of macros that each model and macro may use, by the names in its text."""
    texts = {name: (ROOT / path).read_text(encoding="utf-8") for name, path in SQL_FILES.items()}
    files = {
        name.removeprefix("default__").removeprefix("duckdb__").removeprefix("spark__"): file
        for file, text in texts.items()
        for name in MACRO.findall(text)
    }
    near = {
        name: {files[word] for word in set(WORD.findall(text)) & files.keys()}
        for name, text in texts.items()
    }

    def all_of(name: str, seen: frozenset[str]) -> frozenset[str]:
        for each in near[name] - seen:
            seen = all_of(each, seen | {each})
        return seen

    return {name: all_of(name, frozenset()) for name in texts}


def batches(mutations: Iterable[Mutation]) -> list[list[Mutation]]:
    """The mutations, parted into those that are made together: dbt takes seconds to start.

    A unit test reads its own model and the macros that this one uses, nothing else: so a defect
    goes with others that none of its unit tests reads, and that read nothing of it. The models of
    the systems are on in runs of their own.
    """
    used = used_macros()
    made: list[tuple[bool, set[str], set[str], list[Mutation]]] = []
    # Those that meet most others first: what is left finds room beside them.
    readers = Counter(file for name in SQL_FILES for file in used[name])
    for mutation in sorted(mutations, key=lambda each: -readers[each.sql]):
        tested = {name.split(".")[0] for name in mutation.turns_red}
        read = tested.union(*(used[model] for model in tested))
        in_system = bool(tested & SYSTEM_MODELS)
        for system, changed_files, read_files, batch in made:  # noqa: B007 (read after it)
            if system == in_system and mutation.sql not in read_files and not read & changed_files:
                break
        else:
            changed_files, read_files, batch = set(), set(), []
            made.append((in_system, changed_files, read_files, batch))
        changed_files.add(mutation.sql)
        read_files |= read
        batch.append(mutation)
    return [batch for *_, batch in made]


@pytest.fixture(scope="session")
def runs(
    request: pytest.FixtureRequest, worker: ProcessPoolExecutor
) -> dict[Mutation, Future[dict[str, str]]]:
    """The run of each mutation that is asked for: the statuses of its batch's unit tests."""
    asked_for = [
        item.callspec.params["mutation"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.originalname == test_a_mutation_turns_its_unit_tests_red.__name__
    ]
    return {
        mutation: run
        for batch in batches(asked_for)
        for run in [worker.submit(found_by_worker, batch)]
        for mutation in batch
    }


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


def test_no_unit_test_reads_two_defects_of_a_run() -> None:
    made = batches(MUTATIONS)
    assert Counter(mutation for batch in made for mutation in batch) == Counter(MUTATIONS)
    used = used_macros()
    for batch in made:
        changed = Counter(mutation.sql for mutation in batch)
        for mutation in batch:
            for name in mutation.turns_red:
                model = name.split(".")[0]
                assert sum(changed[file] for file in {model, *used[model]}) == 1, name
        assert max(Counter(name for each in batch for name in each.turns_red).values()) == 1


@pytest.mark.heavy
def test_every_unit_test_passes_without_a_mutation(worker: ProcessPoolExecutor) -> None:
    """Those of the systems: scripts/test itself runs the others."""
    of_systems = {each for each in unit_tests() if each.split(".")[0] in SYSTEM_MODELS}
    assert worker.submit(found_by_worker, []).result() == dict.fromkeys(of_systems, "pass")


def proving() -> list[ParameterSet]:
    """All mutations; those by which each unit test is shown to fail once are not `long`."""
    proved: set[str] = set()
    shown = []
    for mutation in sorted(MUTATIONS, key=lambda each: -len(each.turns_red)):
        is_new = not proved.issuperset(mutation.turns_red)
        proved.update(mutation.turns_red)
        marks = [pytest.mark.heavy, *([] if is_new else [pytest.mark.long])]
        shown.append(pytest.param(mutation, id=str(mutation), marks=marks))
    return shown


@pytest.mark.parametrize("mutation", proving())
def test_a_mutation_turns_its_unit_tests_red(
    runs: dict[Mutation, Future[dict[str, str]]], mutation: Mutation
) -> None:
    found = runs[mutation].result()
    asked_for = {name: found.get(name) for name in mutation.turns_red}
    assert asked_for == dict.fromkeys(mutation.turns_red, "fail")
