"""Whatever befalls a night: the last publication stays whole, and the next night puts all right.

"Right" is one thing throughout: warehouse and publication hold, row for row, what a build from
nothing makes of the same raw rows.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import faults
import projects
import pytest
import yaml

from containment.common.errors import LOCKED, Stop
from containment.common.places import Home
from containment.publish import publish
from containment.runs import run_lock

FIRST = 0  # the version of the raw rows that the first night reads


class Place:
    """A project, one raw folder, one home, and homes set aside that were built from nothing.

    There is one raw folder and one home, because dbt parses everything again in another one.
    """

    def __init__(self, folder: Path, root: Path, arguments: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.root = root
        self.raw = folder / "raw"
        self.home = folder / "home"
        files = ("--source", "files", "--raw-path", str(self.raw), "--verbose")
        self.arguments = arguments or files
        self._fresh: dict[int, Path] = {}

    def start(self, **options: Any) -> faults.Night:
        return faults.start(self.root, self.home, *self.arguments, **options)

    def night(self, version: int | None = None, **options: Any) -> faults.Night:
        """Do a night to its end, over the raw rows of a version, or over what is there."""
        if version is not None:
            faults.write_raw(self.raw, version)
        return self.start(**options).finish()

    def fresh(self, version: int) -> Path:
        """A home that was built from nothing, from the raw rows of a version. Not to be changed."""
        if version not in self._fresh:
            aside = self.folder / "aside"
            if self.home.exists():
                self.home.rename(aside)
            parsed = Path("warehouse", "target", "partial_parse.msgpack")
            if FIRST in self._fresh:  # what dbt has parsed is no data
                (self.home / parsed).parent.mkdir(parents=True)
                shutil.copy(self._fresh[FIRST] / parsed, self.home / parsed)
            night = self.night(version)
            assert night.exit_code == 0, night.lines[-9:]
            self._fresh[version] = self.home.rename(self.folder / f"fresh-{version}")
            if aside.exists():
                aside.rename(self.home)
        return self._fresh[version]

    def begin(self) -> Path:
        """The home as it was after its first night."""
        first = self.fresh(FIRST)
        if self.home.exists():
            shutil.rmtree(self.home)
        return faults.copy_home(first, self.home)

    def assert_healed(self, version: int) -> faults.Night:
        """Do a night over the raw rows of a version; all must be as if built from nothing."""
        fresh = self.fresh(version)
        night = self.night(version)
        assert night.exit_code == 0, night.lines[-9:]
        self.assert_equal(fresh)
        return night

    def assert_equal(self, fresh: Path) -> None:
        assert faults.differences(self.home, fresh) == []
        assert faults.published_marts(self.home)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place whose project has few data tests, so that a night is short."""
    folder = tmp_path_factory.mktemp("faults")
    return Place(folder, faults.copy_lean_project(folder / "project"))


def one_line(night: faults.Night) -> str:
    """What a night said at its end, which must be one line and no traceback."""
    assert not any("Traceback" in line for line in night.lines), night.lines
    [line] = night.errors
    assert line == night.lines[-1], night.lines[-5:]
    return line


# --- kill -9 -------------------------------------------------------------------------------------

BEFORE, START, MODELS = "before dbt", "dbt's start", "models"
TESTS, PUBLICATION, DOCS = "tests", "publication", "docs"
NIGHT, STOPPED = "the night alone", "the night alone, dbt stopped"
DBT, BOTH = "dbt alone", "both"
PARTS = {
    NIGHT: [BEFORE, START, MODELS, TESTS, PUBLICATION],
    STOPPED: [START, MODELS, TESTS],
    DBT: [START, MODELS, TESTS],
    BOTH: [BEFORE, START, MODELS, TESTS, PUBLICATION],
}
KILLS = 200


def wait_for_moment(night: faults.Night, home: Path, part: str, chance: random.Random) -> None:
    """Let a night run to a random moment of one of its parts, or to its end if that is sooner."""
    if part == BEFORE:
        time.sleep(chance.uniform(0, 2))
    elif part == START:
        night.wait_until(lambda: bool(faults.below(night.process.pid)))
        time.sleep(chance.choice([0, chance.uniform(0, 0.1), chance.uniform(0, 3)]))
    elif part == DOCS:  # of a part of the publication
        assert night.wait_for(lambda line: line.startswith("docs: "))
        time.sleep(chance.uniform(0, 4))
    elif part == PUBLICATION:
        versions = home / "published" / "versions"
        before = set(versions.iterdir())
        night.wait_until(lambda: set(versions.iterdir()) > before)
        time.sleep(chance.uniform(0, 0.7))
    else:
        kind = " START test " if part == TESTS else " START sql "
        left = iter(range(chance.randrange(8 if part == TESTS else 45), -1, -1))
        night.wait_for(lambda line: kind in line and next(left) == 0)
        time.sleep(chance.uniform(0, 0.08))


def kill(night: faults.Night, who: str) -> list[int]:
    """Kill a night, what it started, or both; give what the night had started."""
    if who == BOTH:
        night.kill()
        return []
    if who == DBT:
        return night.kill_dbt()
    if who == STOPPED:
        for pid in faults.below(night.process.pid)[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
    return night.kill_alone()


def kill_and_heal(
    place: Place, seed: int, versions: list[int], who: str = "", part: str = ""
) -> tuple[str, str, str]:
    """Kill a night over the raw rows of a version; the next one must work at once, and put right
    what is left. Give who was killed, in which part of the night, and what was left.
    """
    chance = random.Random(seed)
    who = who or chance.choice([NIGHT, NIGHT, STOPPED, DBT, BOTH])
    part = part or chance.choice(PARTS[who])
    version = chance.choice(versions)
    # As a rule the same raw rows; else others, also those of the last good night.
    then = version if chance.random() < 0.6 else chance.choice(versions)
    place.fresh(then)
    published = place.home / "published"
    is_looked_at = chance.random() < 0.3  # else the next one starts in the very moment of the kill
    before = faults.published_marts(place.home) if is_looked_at else None
    versions_before = set((published / "versions").iterdir())
    current = os.readlink(published / "current")
    faults.write_raw(place.raw, version)
    night = place.start()
    wait_for_moment(night, place.home, part, chance)
    started = kill(night, who)
    if who == DBT:
        night.finish()
        if started and night.exit_code:
            assert night.exit_code == 2
            assert any("dbt: killed; start again" in line for line in night.errors)
    left = what_is_left(place.home, versions_before)
    if is_looked_at and os.readlink(published / "current") == current:
        assert faults.published_marts(place.home) == before
    place.assert_healed(then)
    assert not any(map(faults.is_alive, started))
    killed = who, night.finish().reached(), left
    print(f"\n{seed}: {', '.join(killed)}", flush=True)
    return killed


def what_is_left(home: Path, versions_before: set[Path]) -> str:
    """What a killed night left behind."""
    left = {
        "wal": home / "warehouse" / "containment.duckdb.wal",
        "holder": home / "warehouse" / ".lock.holder",
    }
    words = [word for word, path in left.items() if path.exists()]
    for new in set((home / "published" / "versions").iterdir()) - versions_before:
        words.append("half a publication" if new.name.startswith(".") else "a publication")
    return ", ".join(words) or "nothing"


def show(killed: list[tuple[str, str, str]]) -> None:
    print(f"\n{len(killed)} nights killed")
    for (who, part, left), count in sorted(Counter(killed).items()):
        print(f"{count:4}  {who:28} in {part:22} left behind: {left}")


@pytest.mark.parametrize(
    "kills",
    [
        range(3),
        pytest.param(range(3, 6), marks=[pytest.mark.heavy, pytest.mark.long]),
        *(
            pytest.param(range(first, first + 10), marks=[pytest.mark.heavy, pytest.mark.long])
            for first in range(6, KILLS, 10)
        ),
    ],
    ids=str,
)
def test_whoever_is_killed_at_whatever_moment_the_next_night_works_at_once(
    place: Place, kills: range
) -> None:
    place.begin()
    versions = [FIRST, 1] if kills.stop <= 20 else [0, 1, 2, 3]
    show([kill_and_heal(place, seed, versions) for seed in kills])


@pytest.mark.heavy
@pytest.mark.long
def test_killed_nights_of_the_whole_project_over_the_sample(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("whole")
    sample = Place(folder, projects.copy_runnable_project(folder / "project"), ("--verbose",))
    sample.begin()
    killed = []
    for seed, (who, part) in enumerate(
        [(NIGHT, TESTS), (NIGHT, DOCS), (DBT, TESTS), (BOTH, DOCS), (STOPPED, TESTS), (BOTH, TESTS)]
    ):
        shutil.rmtree(sample.root / "target")  # the docs of the project, so that they are made
        killed.append(kill_and_heal(sample, seed, [FIRST], who, part))
    show(killed)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_night_in_one_line_and_the_next_is_whole(
    place: Place, number: signal.Signals
) -> None:
    place.begin()
    faults.write_raw(place.raw, 1)
    night = place.start()
    assert night.wait_for(lambda line: " START " in line)
    started = faults.below(night.process.pid)
    night.process.send_signal(number)
    assert night.finish().exit_code == 128 + number
    assert one_line(night).startswith(f"error: stopped by {number.name}; the last publication")
    assert not any(faults.is_alive(pid) for pid in started)
    place.assert_healed(1)


# --- no room, no right ---------------------------------------------------------------------------


def night_without_room(place: Place, room_bytes: int, disk: faults.Disk | None) -> str:
    """Do a night with so much room, then one with enough; give how the first one ended."""
    place.begin()
    fresh = place.fresh(1)
    before = faults.published_marts(place.home)
    faults.write_raw(place.raw, 1)
    place.arguments = place.arguments[:-1]  # dbt itself says a lot when its log cannot be written
    try:
        if disk is None:
            night = place.night(limit_bytes=room_bytes)
        else:
            disk.resize(disk.used_bytes() + room_bytes)
            night = place.night()
            disk.resize(10**9)
    finally:
        place.arguments = (*place.arguments, "--verbose")
    print(f"\n{room_bytes:10,} bytes: exit code {night.exit_code}, {night.lines[-1][:150]}")
    if night.exit_code == 0:
        place.assert_equal(fresh)
        return "enough room"
    one_line(night)
    assert faults.published_marts(place.home) == before
    part = night.reached()
    place.assert_healed(1)
    return part


@pytest.fixture(scope="module")
def disk_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, faults.Disk]]:
    """A place whose home and raw files lie on a disk of their own, and that disk."""
    folder = tmp_path_factory.mktemp("disk")
    with faults.small_disk(folder / "disk", 10**9) as disk:
        if disk is None:
            pytest.skip("only who may mount a disk can fill one; the quota below does it too")
        yield Place(folder / "disk", faults.copy_lean_project(folder / "project")), disk


@pytest.mark.heavy
@pytest.mark.parametrize("seed", projects.few_now(range(16), 1))
def test_a_full_disk_is_one_line_and_the_next_night_is_whole(
    disk_place: tuple[Place, faults.Disk], seed: int
) -> None:
    place, disk = disk_place
    # From not a byte to what a night takes, most of them small: the log, the build, the copy.
    most = [4_096, 100_000, 1_000_000, 12_000_000][seed % 4]
    night_without_room(place, random.Random(seed).randrange(most), disk)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "limit_bytes", projects.few_now([500_000, 7_000_000, 0, 10, 100_000, 2_000_000], 1)
)
def test_a_quota_is_one_line_and_the_next_night_is_whole(place: Place, limit_bytes: int) -> None:
    night_without_room(place, limit_bytes, None)


def test_a_home_that_must_not_be_written_is_one_line_and_exit_2(place: Place) -> None:
    home = place.begin()
    before = faults.published_marts(home)
    with faults.small_disk(place.folder / "read-only") as disk:
        if disk is None:
            for path in (home, *home.rglob("*")):
                path.chmod(0o555)
        else:
            faults.copy_home(home, disk.folder)
            home = disk.folder
            disk.read_only(True)
        night = faults.start(place.root, home, *place.arguments).finish()
        assert night.exit_code == 2
        assert one_line(night).endswith("choose another --home")
        assert faults.published_marts(home) == before
    for path in (place.home, *place.home.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)


# --- a damaged warehouse -------------------------------------------------------------------------


def damage_block(database: Path, table: str, chance: random.Random, zeros: bool) -> None:
    """Spoil a page of a table, not the whole block."""
    block = chance.choice(faults.blocks_of(database, table))
    size = chance.choice([512, 4096, 65536])
    offset = chance.randrange(0, faults.BLOCK_BYTES - size) if chance.random() < 0.8 else 0
    content = bytes(size) if zeros else chance.randbytes(size)
    # The checksum comes first: with it spoiled, any page of the block is.
    faults.overwrite(database, faults.HEADER_BYTES + block * faults.BLOCK_BYTES + offset, content)


def damage(database: Path, kind: str, chance: random.Random) -> None:
    """Spoil the warehouse file in one way."""
    size = database.stat().st_size
    match kind.split():
        case ["truncated"]:
            os.truncate(database, chance.randrange(size))
        case ["header", "zeroed"]:
            faults.overwrite(database, 4096, bytes(8192))
        case ["garbage"]:
            database.write_bytes(chance.randbytes(size))
        case ["zeroed", "page", "of", table]:
            damage_block(database, f"intermediate.{table}", chance, zeros=True)
        case ["garbage", "in", table]:
            damage_block(database, f"intermediate.{table}", chance, zeros=False)
        case ["garbage", "anywhere"]:
            for _ in range(20):
                content = chance.randbytes(4096)
                faults.overwrite(database, chance.randrange(12_288, size - 4096), content)
        case _:
            raise AssertionError(kind)


KEPT = ("int_kept_states", "int_kept_segments", "int_kept_conversations", "int_kept_messages")
DAMAGE = [
    *("truncated", "header zeroed", "garbage", "garbage anywhere"),
    *(f"zeroed page of {table}" for table in KEPT),
    *(f"garbage in {table}" for table in KEPT),
]


def assert_built_anew(place: Place, night: faults.Night) -> None:
    assert night.exit_code == 0, night.lines[-9:]
    said = [line for line in night.lines if line.startswith("warning: ") and "damaged" in line]
    assert len(said) <= 1, said
    assert not any("Traceback" in line for line in night.lines)
    place.assert_equal(place.fresh(1))


def test_damage_that_shows_during_the_build_is_said_and_all_is_built_anew(place: Place) -> None:
    home = place.begin()
    database = home / "warehouse" / "containment.duckdb"
    for block in faults.blocks_of(database, "intermediate.int_kept_segments"):
        offset = faults.HEADER_BYTES + block * faults.BLOCK_BYTES
        faults.overwrite(database, offset, bytes(4096))
    night = place.night(FIRST)
    assert night.exit_code == 0, night.lines[-9:]
    [said] = [line for line in night.lines if line.startswith("warning: ") and "damaged" in line]
    assert said.startswith(f"warning: {database}: damaged (")
    assert said.endswith("; deleted, it is built anew from the raw tables")
    place.assert_equal(place.fresh(FIRST))


@pytest.mark.heavy
@pytest.mark.parametrize("kind", projects.few_now(DAMAGE, 3))
@pytest.mark.parametrize("seed", projects.few_now(range(2), 1))
def test_a_damaged_warehouse_ends_in_a_fresh_one(place: Place, kind: str, seed: int) -> None:
    home = place.begin()
    place.fresh(1)
    damage(home / "warehouse" / "containment.duckdb", kind, random.Random(f"{kind} {seed}"))
    assert_built_anew(place, place.night(1))


@pytest.mark.heavy
@pytest.mark.parametrize(
    "kind", projects.few_now(["of another night", "garbage", "empty", "half"], 2)
)
def test_a_stale_wal_does_no_harm(place: Place, kind: str) -> None:
    home = place.begin()
    place.fresh(1)
    wal = home / "warehouse" / "containment.duckdb.wal"
    if kind in ("of another night", "half"):
        faults.write_raw(place.raw, 2)
        night = place.start()
        night.wait_for(lambda line: "model marts." in line)
        night.kill()
        content = wal.read_bytes()
        place.begin()
        wal.write_bytes(content if kind == "of another night" else content[: len(content) // 2])
    else:
        wal.write_bytes(b"" if kind == "empty" else random.Random(0).randbytes(50_000))
    assert_built_anew(place, place.night(1))


# --- raw files that are half written -------------------------------------------------------------


def cut(file: Path, at_row_end: bool) -> None:
    """Cut a text file in two thirds, in the middle of a row or at its end."""
    content = file.read_bytes()
    end = content.index(b"\n", len(content) * 2 // 3)
    file.write_bytes(content[: end + 1] if at_row_end else content[: end + 15])


def test_half_a_parquet_file_changes_nothing(place: Place) -> None:
    home = place.begin()
    before = faults.published_marts(home)
    faults.write_raw(place.raw, 1, "parquet")
    file = place.raw / "messages.parquet"
    os.truncate(file, file.stat().st_size * 2 // 3)
    night = place.night()
    assert night.exit_code == 2
    assert str(file) in one_line(night)
    assert faults.published_marts(home) == before
    assert faults.differences(home, place.fresh(FIRST)) == []


@pytest.mark.heavy
@pytest.mark.parametrize("kind", projects.few_now(["csv", "jsonl"], 1))
@pytest.mark.parametrize("at_row_end", projects.few_now([True, False], 1))
@pytest.mark.parametrize("table", projects.few_now(["messages", "events", "conversations"], 1))
def test_a_raw_file_that_was_cut_off_heals_when_it_is_whole_again(
    place: Place, kind: str, at_row_end: bool, table: str
) -> None:
    place.begin()
    before = faults.published_marts(place.home)
    faults.write_raw(place.raw, FIRST, kind)
    cut(place.raw / f"{table}.{kind}", at_row_end)
    night = place.night()
    if night.exit_code == 0:  # fewer rows: nothing in the file tells that
        assert at_row_end
        after = faults.published_marts(place.home)
        assert before and after and after != before
    else:
        assert night.exit_code == 2
        one_line(night)
        assert faults.published_marts(place.home) == before
    place.assert_healed(FIRST)
    place.assert_healed(1)


# --- two at once ---------------------------------------------------------------------------------


def test_the_lock_of_a_dead_process_is_taken_over(place: Place) -> None:
    home = place.begin()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    holder = home / "warehouse" / ".lock.holder"
    holder.write_text(json.dumps({"pid": dead.pid, "started": "2026-01-01 00:00:00 UTC"}))
    shutil.rmtree(place.raw)
    place.raw.mkdir()
    night = place.night()  # stops early, but past the lock
    assert night.exit_code == 2
    assert str(place.raw) in one_line(night)
    assert not holder.exists()


# Holds the lock of a file, and starts something that inherits it, as dbt does.
HOLDER = """
import subprocess, sys, time
from pathlib import Path
from containment.runs import run_lock
with run_lock.held(Path(sys.argv[1])):
    code = "import time; time.sleep(600)"
    print(subprocess.Popen([sys.executable, "-c", code], close_fds=False).pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[str], int]]:
    """A lock file, the process that holds it, and the one that inherits it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "lock")],
        env={**os.environ, "PYTHONPATH": str(projects.ROOT / "scripts")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        started = int(process.stdout.readline())
        yield tmp_path / "lock", process, started
        for pid in (process.pid, started):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def end_at_first_wait(monkeypatch: pytest.MonkeyPatch, pids: list[int]) -> None:
    """Let processes end when the lock is waited for, and not be waited for without any."""

    def wait(seconds: float) -> None:
        assert pids, "there is nothing to wait for"
        os.kill(pids.pop(), signal.SIGKILL)
        monkeypatch.undo()

    monkeypatch.setattr(run_lock.time, "sleep", wait)


def test_a_holder_that_is_at_work_is_not_waited_for(
    holder: tuple[Path, subprocess.Popen[str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, process, _ = holder
    process.send_signal(signal.SIGSTOP)
    end_at_first_wait(monkeypatch, [])
    with pytest.raises(Stop, match=f"held by process {process.pid}, started 20") as stop:
        run_lock.held(lock).__enter__()
    assert stop.value.exit_code == LOCKED


def test_what_a_killed_holder_left_is_waited_for(
    holder: tuple[Path, subprocess.Popen[str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, process, started = holder
    process.kill()
    while not faults.state(process.pid).startswith("Z"):  # a zombie, which still has its number
        time.sleep(0.01)
    with monkeypatch.context() as patched:
        patched.setattr(run_lock, "SECONDS_TO_WAIT", -1)
        with pytest.raises(Stop, match=f"dbt, which process {process.pid} left at work") as stop:
            run_lock.held(lock).__enter__()
        assert stop.value.exit_code == LOCKED
    end_at_first_wait(monkeypatch, [started])
    with run_lock.held(lock):
        assert str(os.getpid()) in lock.with_name("lock.holder").read_text()


@pytest.mark.heavy
def test_the_second_of_two_nights_exits_3_and_names_the_first(place: Place) -> None:
    place.begin()
    faults.write_raw(place.raw, 1)
    first = place.start()
    assert first.wait_for(lambda line: " START " in line)
    second = place.night()
    assert second.exit_code == 3
    assert f"held by process {first.process.pid}, started 20" in one_line(second)
    assert first.finish().exit_code == 0
    place.assert_equal(place.fresh(1))


# --- raw files that change while dbt builds ------------------------------------------------------


@pytest.fixture(scope="module")
def swapping(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place in which dbt itself exchanges raw files when it has just listed what has changed:
    those in raw/_swap, when there are any, take the place of the others."""
    folder = tmp_path_factory.mktemp("swapping")
    swapping = Place(folder, faults.copy_lean_project(folder / "project"))
    settings = swapping.root / "dbt_project.yml"
    project = yaml.safe_load(settings.read_text(encoding="utf-8"))
    hooks = [
        f"copy (from read_csv('{swapping.raw}/_swap/{table}*.csv', all_varchar = true)) "
        f"to '{swapping.raw}/{table}.csv' (header)"
        for table in faults.raw_rows(0)
    ]
    switch = "{{ env_var('CONTAINMENT_TEST_SWAP', 'no') == 'yes' }}"
    hooks = [f"{{% if {switch[3:-3]} %}} {hook} {{% endif %}}" for hook in hooks]
    models = project["models"]["containment"]["intermediate"]
    models["1_changes"] = {"int_changed_conversations": {"+post-hook": hooks}}
    settings.write_text(yaml.safe_dump(project, sort_keys=False), encoding="utf-8")
    return swapping


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("before", "during"), projects.few_now([(1, 2), (0, 1), (1, 0), (2, 3), (3, 1)], 1)
)
def test_raw_files_that_are_exchanged_during_the_build_and_back_again_heal(
    swapping: Place, before: int, during: int
) -> None:
    swapping.begin()
    fresh = swapping.fresh(before)
    faults.write_raw(swapping.raw, before)
    faults.write_raw(swapping.raw / "_swap", during)
    night = swapping.night(CONTAINMENT_TEST_SWAP="yes")
    assert night.exit_code in (0, 1), night.lines[-9:]
    assert faults.published_marts(swapping.home)
    swapped = (swapping.raw / "messages.csv").read_text()
    shutil.rmtree(swapping.raw / "_swap")
    faults.write_raw(swapping.raw, before)
    assert (swapping.raw / "messages.csv").read_text() != swapped, "nothing was exchanged"
    night = swapping.night()
    assert night.exit_code == 0, night.lines[-9:]
    swapping.assert_equal(fresh)


# --- readers -------------------------------------------------------------------------------------

# Opens, asks and closes again and again; what one publication says must agree with itself.
SHORT_READER = """
import os, sys
import duckdb

published, done = sys.argv[1:]
COUNTS = (
    "select (select count(*) from {sessions} where outcome <> 'open'), "
    "(select sum(closed_sessions) from {daily}), (select count(*) from {messages})"
)
answers, reads = set(), 0
print("reading", flush=True)
while not os.path.exists(done) or reads < 20:
    with duckdb.connect(f"{published}/containment.duckdb", read_only=True) as connection:
        names = dict(sessions="marts.sessions", daily="marts.containment_daily",
                     messages="marts.messages")
        found = connection.execute(COUNTS.format(**names)).fetchone()
    # The link is resolved first, as docs/bi-tools.md says: files that belong together are read
    # together, and DuckDB, which opens a parquet file twice for a query, finds the same one again.
    folder = os.path.realpath(f"{published}/parquet")
    files = dict(sessions=f"'{folder}/sessions/*.parquet'",
                 daily=f"'{folder}/containment_daily.parquet'",
                 messages=f"'{folder}/messages/*.parquet'")
    [same] = duckdb.sql(COUNTS.format(**files)).fetchall()
    for answer in (found, same):
        assert answer[0] == answer[1], answer
        answers.add((answer[0], answer[2]))
    assert duckdb.sql(f"from '{folder}/sessions/*.parquet'").fetchall()
    reads += 1
print(reads, sorted(answers))
"""
# Holds one connection open: it keeps the answer of the publication that it opened.
LONG_READER = """
import os, sys
import duckdb

published, done = sys.argv[1:]
reads, answers = 0, set()
with duckdb.connect(f"{published}/containment.duckdb", read_only=True) as connection:
    query = "select sum(hash(s)), count(*) from marts.sessions s"
    answers.add(connection.execute(query).fetchone())
    print("reading", flush=True)
    while not os.path.exists(done) or reads < 20:
        answers.add(connection.execute(query).fetchone())
        messages = connection.execute("select count(*) from marts.messages").fetchone()
        reads += 1
print(reads, len(answers), messages[0])
"""


def test_readers_never_wait_break_or_see_two_publications(place: Place) -> None:
    place.begin()
    built = [place.fresh(FIRST) / "warehouse", place.fresh(1) / "warehouse"]
    done = place.folder / "done"
    done.unlink(missing_ok=True)
    home = Home(place.home)
    with duckdb.connect(str(built[0] / "containment.duckdb"), read_only=True) as connection:
        [(messages,)] = connection.execute("select count(*) from marts.messages").fetchall()
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(home.published), str(done)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for code in (SHORT_READER, LONG_READER)
    ]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "reading\n"
        for number in range(1, 11):
            shutil.copy(built[number % 2] / "containment.duckdb", home.warehouse)
            publish.publish(home, publish.new_name(home.published), 3)
        done.touch()
        (short, short_error), (long, long_error) = (reader.communicate() for reader in readers)
    finally:
        for reader in readers:
            reader.kill()
    assert [reader.returncode for reader in readers] == [0, 0], short_error + long_error
    reads, answers = short.split(" ", 1)
    assert int(reads) >= 20 and len(json.loads(answers.replace("(", "[").replace(")", "]"))) == 2
    reads, different, seen = map(int, long.split())
    assert reads >= 20 and different == 1 and seen == messages
    print(f"\n10 publications; short reader {short.strip()}, long reader {reads} reads")
