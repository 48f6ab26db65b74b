"""Every unit test of the models can fail: it does when the rule that it holds is broken."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import duckdb
import mutations
import mutations_chatwoot_copilot_reamaze
import mutations_intercom_zendesk_rasa
import pytest
import yaml
from mutations import Mutation
from projects import FILES_SOURCE, ROOT, copy_project

from containment import raw_tables, raw_views

MUTATIONS = [
    *mutations.MUTATIONS,
    *mutations_chatwoot_copilot_reamaze.MUTATIONS,
    *mutations_intercom_zendesk_rasa.MUTATIONS,
]

SQL_FILES = {
    path.stem: path.relative_to(ROOT)
    for folder in ("models", "macros")
    for path in (ROOT / folder).rglob("*.sql")
}

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
        for path in (ROOT / "models").rglob("*.yml")
        for unit_test in (yaml.safe_load(path.read_text()) or {}).get("unit_tests", [])
    }


def dbt(home: Path, arguments: list[str]) -> dict[str, str]:
    """Run dbt in this process, give the status of each node under the end of its id."""
    from dbt.cli.main import dbtRunner

    os.environ["CONTAINMENT_HOME"] = str(home)
    # Unit tests ask the tables for their columns, long after the last model that reads them.
    os.environ["CONTAINMENT_SCRATCH"] = str(home / "scratch.duckdb")
    outcome = dbtRunner().invoke([*("--quiet", "--no-write-json", "--no-print"), *arguments])
    if outcome.exception is not None:
        raise RuntimeError(str(outcome.exception))
    return {
        ".".join(result.node.unique_id.split(".")[2:]): str(result.status)
        for result in outcome.result.results
        if not result.node.unique_id.startswith("operation.")  # the hook before the run
    }


class Project:
    """A copy of the project with empty tables, in a process in which dbt stays loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = copy_project(folder)
        (folder / "warehouse").mkdir()
        self._lay_views()
        kinds = ("--resource-type", "seed", "--resource-type", "model")
        built = self._dbt("build", "--empty", *kinds)
        assert set(built.values()) == {"success"}
        folders = [f"path:{top}/{each}" for top in ("models/staging", "seeds") for each in SYSTEMS]
        lookups = ["event_types", "channel_policies"]
        built = self._dbt("build", "--empty", *kinds, "--select", *folders, *lookups, systems=True)
        assert set(built.values()) == {"success"}

    def _lay_views(self) -> None:
        """The raw tables of every system, without a row."""
        with duckdb.connect(str(self.folder / "warehouse" / "containment.duckdb")) as connection:
            connection.execute(f"create schema {raw_tables.SCHEMA}")
            for system in SYSTEMS:
                for table in raw_tables.declared(self.folder, system):
                    select = raw_views.select(table, [])
                    connection.execute(f"create view {raw_tables.SCHEMA}.{table.view} as {select}")

    def run_unit_tests(self) -> dict[str, str]:
        """Run all unit tests, give the status of each."""
        mine = [f"test_type:unit,path:models/staging/{system}" for system in SYSTEMS]
        return {
            **self._dbt("test", "--select", "test_type:unit"),
            **self._dbt("test", "--select", *mine, systems=True),
        }

    def run_mutated(self, mutations: Sequence[Mutation]) -> dict[str, str]:
        """Run the unit tests that these defects, made together, must turn red."""
        sound = {}
        try:
            for mutation in mutations:
                file = self.folder / SQL_FILES[mutation.sql]
                sound[file] = file.read_text(encoding="utf-8")
                assert mutation.old in sound[file]
                file.write_text(sound[file].replace(mutation.old, mutation.new), encoding="utf-8")
            each = [name.split(".") for mutation in mutations for name in mutation.turns_red]
            select = [f"unit_test:{name},{model}" for model, name in each]
            systems = any(model in SYSTEM_MODELS for model, _ in each)
            return self._dbt("test", "--select", *select, systems=systems)
        finally:
            for file, text in sound.items():
                file.write_text(text, encoding="utf-8")

    def _dbt(self, command: str, *arguments: str, systems: bool = False) -> dict[str, str]:
        # A target of its own: what dbt has parsed holds for the same sources only.
        target = "target-systems" if systems else "target"
        places = {"project-dir": ".", "profiles-dir": ".", "target-path": target}
        sources = ("--vars", json.dumps({"sources": SYSTEMS})) if systems else ()
        options = [f"--{name}={self.folder / place}" for name, place in places.items()]
        log = f"--log-path={self.folder / 'logs'}"
        return dbt(self.folder, [log, command, *options, *sources, *arguments])


workers_project: Project | None = None  # each worker process has one of its own


def begin_worker(folder: Path) -> None:
    global workers_project
    workers_project = Project(folder / str(os.getpid()))


def found_by_worker(mutations: Sequence[Mutation]) -> dict[str, str]:
    """The status of the unit tests of these mutations; without one, of all."""
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


def batches(mutations: Iterable[Mutation]) -> list[list[Mutation]]:
    """The mutations, parted into those that are made together: dbt takes seconds to start.

    A unit test reads its own model and the macros, nothing else: so defects of different models do
    not meet. A macro's is alone. The models of the systems are on in runs of their own.
    """
    parts: dict[tuple[bool, str, int], list[Mutation]] = {}
    seen: Counter[str] = Counter()
    for mutation in mutations:
        in_system = any(name.split(".")[0] in SYSTEM_MODELS for name in mutation.turns_red)
        macro = mutation.sql if "macros" in SQL_FILES[mutation.sql].parts else ""
        parts.setdefault((in_system, macro, seen[mutation.sql]), []).append(mutation)
        seen[mutation.sql] += 1
    return list(parts.values())


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


def test_defects_of_one_model_are_not_made_together() -> None:
    made = batches(MUTATIONS)
    assert Counter(mutation for batch in made for mutation in batch) == Counter(MUTATIONS)
    for batch in made:
        assert max(Counter(mutation.sql for mutation in batch).values()) == 1
        assert max(Counter(name for each in batch for name in each.turns_red).values()) == 1
        if len(batch) > 1:
            assert all(name.startswith(f"{m.sql}.") for m in batch for name in m.turns_red)


@pytest.mark.heavy
def test_every_unit_test_passes_without_a_mutation(worker: ProcessPoolExecutor) -> None:
    assert worker.submit(found_by_worker, []).result() == dict.fromkeys(unit_tests(), "pass")


@pytest.mark.heavy
@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_mutation_turns_its_unit_tests_red(
    runs: dict[Mutation, Future[dict[str, str]]], mutation: Mutation
) -> None:
    found = runs[mutation].result()
    statuses = {name: found.get(name) for name in mutation.turns_red}
    assert statuses == dict.fromkeys(mutation.turns_red, "fail")
