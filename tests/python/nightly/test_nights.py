"""Incremental = full refresh, row for row, whatever the history."""

from __future__ import annotations

import copy
import dataclasses
import shutil
from pathlib import Path
from random import Random

import duckdb
import night_simulation
import nights
import projects
import pytest
import rival_designs
import same_tables
from dbt_processes import Kill
from hypothesis import given, settings
from hypothesis import strategies as st
from night_simulation import Laboratory, Simulation
from nights import KINDS, SPARSE, Happening, Night

CONVERSATIONS = 150
FEW_CONVERSATIONS = 40
SEED = 1
MORE_SEEDS = range(2, 12)


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    return night_simulation.laboratory(tmp_path_factory.mktemp("laboratory"))


@pytest.fixture(scope="session")
def scripted(laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    """The nights of one script, each of them compared with a fresh build."""
    folder = tmp_path_factory.mktemp("scripted")
    return night_simulation.simulate(laboratory, folder, nights.script(SEED), SEED, CONVERSATIONS)


# --- the nights -----------------------------------------------------------------------------------


def test_every_night_of_a_script_equals_a_fresh_build(scripted: Simulation) -> None:
    built = [night for night in scripted.lived if not night.is_missed]
    assert len(scripted.evenings) + scripted.count_killed == len(built) >= 12
    assert [each.split(":")[0] for each in scripted.published].count("patched") > 6


@pytest.mark.heavy
@pytest.mark.parametrize("seed", projects.few_now(MORE_SEEDS, 0))
def test_every_night_of_other_scripts_equals_a_fresh_build(
    laboratory: Laboratory, tmp_path: Path, seed: int
) -> None:
    night_simulation.simulate(laboratory, tmp_path, nights.script(seed), seed, CONVERSATIONS)


@pytest.mark.parametrize("count", projects.few_now([1, 4, 30], 1))
def test_a_killed_night_heals_in_the_next(
    laboratory: Laboratory, tmp_path: Path, count: int
) -> None:
    random = Random(count)
    killed_nights = []
    for _ in range(count):
        moment = Kill(random.randint(1, 45), random.choice((0, 0, 3, 10, 30, 60)))
        before, after = (
            tuple(nights.drawn(kind, random) for kind in random.choices(SPARSE, k=4))
            for _ in range(2)
        )
        heals = (nights.Reverted(),) if random.random() < 0.3 else after
        started_over = random.random() < 0.1
        killed_nights += [Night(before, kill=moment, full_refresh=started_over), Night(heals)]
    script = (Night(), *killed_nights)
    night_simulation.simulate(laboratory, tmp_path, script, count, CONVERSATIONS)


def happenings(kind: type[Happening]) -> st.SearchStrategy[Happening]:
    """Any happening of a kind."""
    names = [each.name for each in dataclasses.fields(kind)]
    return st.builds(kind, **{name: st.integers(0, nights.LARGEST[name]) for name in names})


def rarely(strategy: st.SearchStrategy) -> st.SearchStrategy:
    """None, now and then something else."""
    return st.integers(0, 9).flatmap(lambda number: strategy if number == 9 else st.none())


NIGHTS = st.builds(
    Night,
    happenings=st.lists(st.one_of(*map(happenings, KINDS)), max_size=5).map(tuple),
    is_missed=rarely(st.just(True)).map(bool),
    kill=rarely(st.builds(Kill, st.integers(1, 45), st.integers(0, 60))),
    full_refresh=rarely(st.just(True)).map(bool),
)


@settings(max_examples=max(1, settings.default.max_examples // 4))
@given(script=st.lists(NIGHTS, min_size=1, max_size=4), seed=st.integers(0, 99))
def test_any_nights_equal_a_fresh_build(
    laboratory: Laboratory,
    tmp_path_factory: pytest.TempPathFactory,
    script: list[Night],
    seed: int,
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any_nights"
    night_simulation.simulate(laboratory, folder, [Night(), *script], seed, FEW_CONVERSATIONS)


# --- the simulation is worth something ------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_a_script_holds_everything_that_can_happen(seed: int) -> None:
    script = nights.script(seed)
    happened = {type(happening) for night in script for happening in night.happenings}
    assert happened == set(KINDS)
    assert len(script) > 12
    for what in ("is_missed", "kill", "full_refresh", "with_tests"):
        assert any(getattr(night, what) for night in script), what


@pytest.mark.parametrize("kind", SPARSE, ids=lambda kind: kind.__name__)
def test_a_happening_touches_few_conversations_and_mostly_some(kind: type[Happening]) -> None:
    random = Random(1)
    world = nights.start(1, FEW_CONVERSATIONS)
    for _ in range(3):
        nights.SpoiltTime(random.randint(0, 999), random.randint(0, 9)).happen(world)
        world.end_night()
    touched = []
    for _ in range(20):
        world.state = copy.deepcopy(world.past[-1])
        nights.drawn(kind, random).happen(world)
        touched.append(len(world.state.changed_since(world.past[-1])))
    assert max(touched) <= 2
    assert sum(count > 0 for count in touched) >= 10


@pytest.mark.parametrize(
    "kind", (*nights.OF_RATINGS, *nights.OF_PERSONS), ids=lambda kind: kind.__name__
)
def test_what_happens_to_a_rating_or_a_person_changes_no_conversation(
    kind: type[Happening],
) -> None:
    random = Random(1)
    world = nights.start(1, FEW_CONVERSATIONS)
    world.end_night()
    changed = 0
    for _ in range(20):
        world.state = copy.deepcopy(world.past[-1])
        nights.drawn(kind, random).happen(world)
        assert world.state.changed_since(world.past[-1]) == set()
        past = world.past[-1]
        changed += world.state.raw != past.raw or world.state.identities != past.identities
    assert changed >= 15


def test_most_conversations_share_customer_and_id_with_others() -> None:
    world = nights.start(1, CONVERSATIONS)
    keys = world.all_keys()
    assert len(keys) == CONVERSATIONS
    ids = [conversation_id for _, conversation_id in keys]
    assert len(set(ids)) < len(ids)
    customers = [row["customer_id"] for _, row in world.rows(keys[0], "conversations")]
    assert customers
    for source, tables in world.state.raw.items():
        known = [row["customer_id"] for row in tables["conversations"]]
        assert len(set(known)) < len(known), source


@pytest.fixture
def flat(scripted: Simulation, tmp_path: Path) -> Path:
    """All that is compared, copied as tables: a view cannot be tampered with."""
    path = tmp_path / "flat.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{scripted.warehouse}' as kept (read_only)")
        for schema, table in same_tables.compared(scripted.warehouse, scripted.laboratory.kept):
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create table {schema}.{table} as from kept.{schema}.{table}")
    return path


def test_a_row_or_column_too_few_or_too_many_is_seen_in_every_table(
    scripted: Simulation, flat: Path, tmp_path: Path
) -> None:
    kept = scripted.laboratory.kept
    same_tables.assert_same(scripted.warehouse, flat, kept)
    compared = same_tables.compared(flat, kept)
    assert len(compared) > len(kept) > 0
    tampered = tmp_path / "tampered.duckdb"
    for schema, table in compared:
        name = f"{schema}.{table}"
        changes = [
            f"delete from {name} where rowid = (select max(rowid) from {name})",
            f"insert into {name} from {name} limit 1",
        ]
        if not projects.rows(flat, f"select 1 from {name} limit 1"):
            changes = [f"drop table {name}"]  # no prices, no value: no row can be too few
        if table == "sessions":
            changes += [f"alter table {name} add column one_more integer", f"drop table {name}"]
        for change in changes:
            shutil.copy(flat, tampered)
            with duckdb.connect(str(tampered)) as connection:
                connection.execute(change)
            seen = same_tables.difference(flat, tampered, kept)
            assert seen is not None and seen.table == name, change


def test_a_changed_value_is_told_with_its_row(flat: Path, tmp_path: Path) -> None:
    tampered = shutil.copy(flat, tmp_path / "tampered.duckdb")
    with duckdb.connect(str(tampered)) as connection:
        connection.execute(
            "update marts.sessions set last_topic = 'tampered' "
            "where session_id = (select min(session_id) from marts.sessions)"
        )
    seen = same_tables.difference(flat, tampered)
    assert seen is not None
    assert (seen.table, seen.missing, seen.extra) == ("marts.sessions", 1, 1)
    assert "'tampered'" in str(seen)


def test_what_names_a_run_is_not_compared(tmp_path: Path) -> None:
    for number in (1, 2):
        with duckdb.connect(str(tmp_path / f"{number}.duckdb")) as connection:
            connection.execute("create schema marts")
            connection.execute(f"create table marts.run_log as select {number} as seconds")
            connection.execute(f"create table marts.other as select {number} as cut_in_run, 1 as a")
    same_tables.assert_same(tmp_path / "1.duckdb", tmp_path / "2.duckdb")


def test_a_renamed_session_of_an_untouched_conversation_is_seen(scripted: Simulation) -> None:
    evening = next(each for each in scripted.evenings if each.ids)
    night_simulation.assert_ids_stay(evening, evening)
    key = min(evening.ids)
    renamed = dataclasses.replace(evening, ids={**evening.ids, key: frozenset({"other"})})
    with pytest.raises(AssertionError, match="ids of"):
        night_simulation.assert_ids_stay(evening, renamed)


def test_a_conversation_cut_without_need_or_forgotten_is_seen() -> None:
    world = nights.start(1, 10)
    before, key = world.state, world.key(0)
    world.end_night()
    other = world.past[-1]
    check = night_simulation.assert_only_changed_were_cut
    check(set(), before, other)
    with pytest.raises(AssertionError, match="cut again, but unchanged"):
        check({key}, before, other)
    nights.RepeatedRow(0, 0).happen(world)
    check({key}, world.state, other)
    with pytest.raises(AssertionError, match="changed, but not cut again"):
        check(set(), world.state, other)
    every = set(world.all_keys())
    check(every, world.state, None)
    with pytest.raises(AssertionError, match="changed, but not cut again"):
        check({key}, world.state, None)
    # Told to forget, it cuts again what did not change.
    check(every, world.state, other, started_over=True)
    # A killed night that had the row already: it may be news, or not.
    check({key}, world.state, other, [world.state])
    check(set(), world.state, other, [world.state])


def test_a_tampered_row_that_is_kept_turns_the_next_night_red(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    simulation = night_simulation.simulate(laboratory, tmp_path, [Night()], SEED, FEW_CONVERSATIONS)
    with duckdb.connect(str(simulation.warehouse)) as connection:
        for schema, table in laboratory.kept:
            name = f"{schema}.{table}"
            connection.execute(f"delete from {name} where rowid = (select min(rowid) from {name})")
    with pytest.raises(AssertionError, match="missing"):
        simulation.live([Night((nights.ReorderedRows(1),))])


# --- other designs --------------------------------------------------------------------------------


def test_every_rival_design_goes_wrong_where_ours_does_not(scripted: Simulation) -> None:
    found = rival_designs.errors(scripted.evenings)
    assert set(found.pop(rival_designs.Ours.name)) == {(0, 0)}
    right = [name for name, counts in found.items() if set(counts) == {(0, 0)}]
    assert right == []


@pytest.mark.long
def test_show_what_rival_designs_would_hold(laboratory: Laboratory, tmp_path: Path) -> None:
    """Sessions missing/extra per ordinary night and design: pytest -s shows the table."""
    script = nights.ordinary(SEED, 10)
    evenings = night_simulation.simulate(laboratory, tmp_path, script, SEED, 600).evenings
    print("\n" + rival_designs.table(evenings))
