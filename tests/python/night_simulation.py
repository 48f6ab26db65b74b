"""Nights lived through twice: in one home that is kept, and each of them in a fresh one.

Black box: raw tables go in, `dbt build` runs, tables come out. After every night the kept warehouse
must equal the fresh one, and nothing may have changed for conversations that nobody touched.
"""

from __future__ import annotations

import copy
import dataclasses
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dbt_processes
import duckdb
import nights
import projects
import same_tables
from nights import Key, Night, State, World

from containment.common.places import Home
from containment.publish import publish, published_marts
from containment.raw import in_folder, views
from containment.report import page
from containment.settings.lookups import Lookups
from containment.settings.source_yml import IDENTITIES

WITHOUT_TESTS = ("--exclude-resource-type", "test")
CHANGE_REPORT = "int_changed_conversations"


@dataclass(frozen=True)
class Laboratory:
    """A copy of the project, whose seeds and code nights change, and a place for what is parsed."""

    project: Path
    parsed: Path
    code: Mapping[Path, str]  # every file of SQL, as it is when nothing happens to it
    defect: str = "sound"

    @cached_property
    def kept(self) -> frozenset[same_tables.Name]:
        """The tables that are kept from night to night."""
        manifest = min(self.parsed.glob("*/manifest.json"))
        return frozenset(same_tables.kept_tables(manifest))

    def with_defect(self, name: str, file: str, old: str, new: str) -> Laboratory:
        """The same place with a defect: a file of the project, what stands in it, what instead."""
        return dataclasses.replace(self, code=self._changed(file, old, new), defect=name)

    def _changed(self, file: str, old: str, new: str) -> Mapping[Path, str]:
        (path,) = self.project.glob(file)
        assert old in self.code[path], f"{path.name}: no {old}"
        return {**self.code, path: self.code[path].replace(old, new)}

    def parsed_for(self, state: State) -> Path:
        """The folder in which the project was parsed with a state's code and sources."""
        sources = "-".join(state.sources)
        folder = self.parsed / f"{sources}-{self.defect}-{state.code_change}"
        self.write_code(state)
        like = self.parsed / f"{sources}-sound-None"
        return dbt_processes.parsed_in(folder, self.project, state.sources, like=like)

    def write_code(self, state: State) -> None:
        """Make the change of the code that a state has, and no other."""
        texts = self.code
        if state.code_change is not None:
            file, old, new, _ = state.changed_code()
            texts = self._changed(file, old, new)
        for path, text in texts.items():
            if path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")


def _dbt_vars(state: State) -> dict[str, Any]:
    settings = state.settings
    return {
        "sources": list(state.sources),
        **{
            name: None if moment is None else moment.isoformat(sep=" ")
            for name, moment in (("as_of", settings.as_of), ("not_after", settings.not_after))
        },
        "courtesy_minutes": settings.courtesy_minutes,
        "infer_takeovers": list(settings.infer_takeovers),
        "session_scope": settings.session_scope,
        "after_escalation": settings.after_escalation,
        "reporting_timezone": settings.reporting_timezone,
    }


def laboratory(folder: Path) -> Laboratory:
    """Copy the project into `folder` and parse it."""
    project = projects.copy_project(folder / "project")
    # No night runs the unit tests, and parsing them takes most of the time.
    shutil.rmtree(project / "tests" / "unit")
    files = [path for part in ("models", "macros") for path in (project / part).rglob("*.sql")]
    code = {path: path.read_text(encoding="utf-8") for path in files}
    made = Laboratory(project, folder / "parsed", code)
    made.parsed_for(State({}))
    return made


@dataclass
class Evening:
    """A night that was built: the state, its sessions, and those of the warehouse that is kept."""

    number: int
    night: Night
    state: State
    sessions: list[dict[str, Any]]
    kept_sessions: list[dict[str, Any]]
    ids: dict[Key, frozenset[str]]


@dataclass
class Simulation:
    """A world, its kept home, and the evenings that it saw."""

    laboratory: Laboratory
    folder: Path
    world: World
    evenings: list[Evening] = field(default_factory=list)
    lived: list[Night] = field(default_factory=list)
    killed: list[State] = field(default_factory=list)  # since the last evening
    started_over: bool = False  # by a killed night, since the last evening
    count_killed: int = 0
    published: list[str] = field(default_factory=list)  # how, at each evening

    @property
    def warehouse(self) -> Path:
        """The database file that is kept."""
        return _database(self.folder / "kept")

    def live(self, script: Iterable[Night]) -> list[Evening]:
        """Live through these nights, and fail with the first that goes wrong."""
        for night in script:
            self.lived.append(night)
            try:
                self.live_one(night)
            except AssertionError as error:
                lived = "\n  ".join(map(str, self.lived))
                raise AssertionError(
                    f"night {len(self.lived) - 1} of\n  {lived}\n{error}"
                ) from None
        return self.evenings

    def live_one(self, night: Night) -> None:
        """A day's happenings, the builds of the night, and the checks."""
        for happening in night.happenings:
            happening.happen(self.world)
        if not night.is_missed:
            self._build(night)
        self.world.end_night()

    def _build(self, night: Night) -> None:
        state = copy.deepcopy(self.world.state)
        self._deliver(state)
        fresh = self.folder / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        kept_build = self._start("kept", state, night)
        if night.kill is not None and kept_build.end() != 0:
            assert kept_build.exit_code == -9, kept_build.said()
            self.killed.append(state)
            self.started_over |= night.full_refresh
            self.count_killed += 1
            return
        fresh_build = self._start("fresh", state, Night())
        kept_build.succeed()
        fresh_build.succeed()
        self._check(night, state)

    def _deliver(self, state: State) -> None:
        """Write the raw rows, of sources that are off too, the lookups, and the code."""
        self.laboratory.write_code(state)
        seeds = self.laboratory.project / "seeds"
        for table, columns in projects.SEEDED.items():
            seeded = state.raw[projects.SEEDED_SOURCE][table]
            projects.write_csv(seeds / "sample" / f"sample_{table}.csv", columns, seeded)
            filed = state.raw[projects.FILES_SOURCE][table]
            projects.write_jsonl(self.folder / "raw" / f"{table}.jsonl", filed)
        projects.write_lookups(
            seeds,
            state.settings.timeout_minutes,
            state.settings.boundaries,
            claim_outcomes=state.settings.claim_outcomes,
        )
        projects.write_jsonl(self.folder / IDENTITIES / f"{IDENTITIES}.jsonl", state.identities)

    def _start(self, role: str, state: State, night: Night) -> dbt_processes.Invocation:
        home, settings = self.folder / role, state.settings
        _database(home).parent.mkdir(parents=True, exist_ok=True)
        words = Lookups(frozenset(settings.timeout_minutes), frozenset(settings.boundaries))
        with duckdb.connect(str(_database(home))) as connection:
            if projects.FILES_SOURCE in state.sources:
                views.write_views(in_folder.inspect(self.folder / "raw", words), connection)
            persons = in_folder.inspect(self.folder / IDENTITIES, words, IDENTITIES)
            views.write_views(persons, connection)
        return dbt_processes.start(
            self.laboratory.project,
            home,
            "build",
            "--no-write-json",
            *(() if night.with_tests else WITHOUT_TESTS),
            *(["--full-refresh"] if night.full_refresh else []),
            dbt_vars=_dbt_vars(state),
            kill=night.kill,
            parsed=self.laboratory.parsed_for(state),
        )

    def _check(self, night: Night, state: State) -> None:
        fresh = _database(self.folder / "fresh")
        same_tables.assert_same(fresh, self.warehouse, self.laboratory.kept)
        self._publish()
        sessions = "select * from marts.sessions"
        evening = Evening(
            number=len(self.lived) - 1,
            night=night,
            state=state,
            sessions=projects.rows(fresh, sessions),
            kept_sessions=projects.rows(self.warehouse, sessions),
            ids=_ids(self.warehouse),
        )
        if self.evenings:
            assert_ids_stay(self.evenings[-1], evening)
        reported = change_report(self.warehouse)
        if reported is not None:
            before = self.evenings[-1].state if self.evenings else None
            started_over = self.started_over or night.full_refresh
            assert_only_changed_were_cut(
                reported, state, before, self.killed, started_over=started_over
            )
            if night.full_refresh:
                assert reported >= set(state.conversations())
        self.evenings.append(evening)
        self.killed.clear()
        self.started_over = False

    def _publish(self) -> None:
        """Publish what is kept; it must be what was built, however it was made."""
        home, how = Home(self.folder / "kept"), []
        names = publish.names(home.published)
        if len(self.evenings) % 4 == 3:  # readers were sent back
            publish.switch(home.published, names[0])
        with (
            patch.object(publish.docs, "write", lambda file: file.write_text("docs")),
            patch.object(page, "made", lambda database, name, view: name),
            # Of so few conversations each night changes most, and a block of the file holds little.
            patch.multiple(published_marts, MOST_DIFFERING=1, MOST_GROWTH=9),
        ):
            folder = publish.publish(home, publish.new_name(home.published), 3, tell=how.append)
        same_tables.assert_published(self.warehouse, folder)
        self.published.append(how[0])


def assert_only_changed_were_cut(
    reported: set[Key],
    now: State,
    before: State | None,
    killed: Sequence[State] = (),
    *,
    started_over: bool = False,
) -> None:
    """The conversations that were cut again are those that had to be.

    before: how it stood at the last build that ended, None where this one is the first.
    killed: how it stood at the builds that were killed since.
    started_over: this build, or a killed one, was told to forget what is kept.
    """
    every = set(now.conversations())
    changed = [now.changed_since(state) for state in (before, *killed) if state is not None]
    ruled_otherwise = [now.ruled_otherwise_since(state) for state in (before, *killed) if state]
    # A killed night may have got so far that its rows are no news any more, or not.
    must = every if before is None else set.intersection(*changed)
    may = must.union(*changed, *ruled_otherwise)
    if started_over:
        must, may = must & every, may | every
    assert must <= reported, f"changed, but not cut again: {sorted(must - reported)}"
    assert reported <= may, f"cut again, but unchanged: {sorted(reported - may)}"


def assert_ids_stay(before: Evening, now: Evening) -> None:
    """Sessions and segments keep their ids in conversations whose rows and rules did not change."""
    if before.state.rules() != now.state.rules():
        return
    changed = now.state.changed_since(before.state)
    for key in before.ids.keys() | now.ids.keys():
        was, is_now = (evening.ids.get(key, frozenset()) for evening in (before, now))
        assert key in changed or was == is_now, f"ids of {key} were {was}, are {is_now}"


def change_report(database: Path) -> set[Key] | None:
    """The conversations that the last build reports as changed; None when it makes no report."""
    table = "select 1 from duckdb_tables() where schema_name = 'intermediate' and table_name = '{}'"
    if not projects.rows(database, table.format(CHANGE_REPORT)):
        return None
    query = f"select source, conversation_id from intermediate.{CHANGE_REPORT}"
    keys = Counter(tuple(row.values()) for row in projects.rows(database, query))
    assert set(keys.values()) <= {1}, f"reported more than once: {keys.most_common(3)}"
    return set(keys)


def _ids(database: Path) -> dict[Key, frozenset[str]]:
    """The ids of the sessions and segments of each conversation."""
    query = """
        select source, conversation_id, list(distinct id) as ids
        from (
            select source, conversation_id, 'session ' || session_id as id from marts.sessions
            union all
            select source, conversation_id, 'segment ' || segment_id as id from marts.segments
        )
        group by source, conversation_id
    """
    return {
        (row["source"], row["conversation_id"]): frozenset(row["ids"])
        for row in projects.rows(database, query)
    }


def _database(home: Path) -> Path:
    return home / "warehouse" / "containment.duckdb"


def simulate(
    laboratory: Laboratory, folder: Path, script: Sequence[Night], seed: int, conversations: int
) -> Simulation:
    """Live through a script of nights; give the simulation with its evenings."""
    shutil.rmtree(folder / "kept", ignore_errors=True)
    simulation = Simulation(laboratory, folder, nights.start(seed, conversations))
    simulation.live(script)
    return simulation
