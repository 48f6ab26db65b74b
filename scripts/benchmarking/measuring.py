"""Run everything in turn, several times, and see to it that all come to the same counts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarking import build, processes
from benchmarking.build import Builder, Nights
from benchmarking.processes import Cost, NoMemory
from containment.common.clock import Clock
from containment.common.console import say, warn
from containment.common.errors import DATA_FAILED, Stop
from containment.common.places import Home

FLOOR, SIX_CTES, POLARS, PANDAS = "floor", "six CTEs, DuckDB", "Polars", "pandas"
DUCKDB_MARTS, POLARS_MARTS = "four marts, DuckDB", "four marts, Polars"
FULL, PUBLICATION, BOTH = "full build", "publication", "full build and publication"
DAILY = "daily marts alone"
FIRST, NIGHT, IDLE = "first night", "night, one day new", "night, nothing new"
NIGHTS = (FIRST, NIGHT, IDLE)
RIVALS = {
    FLOOR: "floor.run",
    SIX_CTES: "six_ctes.run",
    POLARS: "with_polars.run",
    PANDAS: "with_pandas.run",
    DUCKDB_MARTS: "with_duckdb.rebuild",
    POLARS_MARTS: "with_polars.rebuild",
}
REBUILDS = (DUCKDB_MARTS, POLARS_MARTS)
STEPS = (*RIVALS, FULL, PUBLICATION, BOTH, DAILY, *NIGHTS)
# Those of a line follow the same rules; IDLE stands for the nights.
SAME_RULES = ((FLOOR, SIX_CTES), (FULL, IDLE, *REBUILDS, POLARS, PANDAS))
# What can be chosen on the command line; the floor always runs, for all else is compared with it.
CHOICES = {
    "six-ctes": (SIX_CTES,),
    "polars": (POLARS,),
    "pandas": (PANDAS,),
    "rebuilds": REBUILDS,
    "build": (FULL,),
    "nights": NIGHTS,
}
NEARLY_EMPTY = 1_000  # messages: what this takes is what a step costs before it does any work

Days = Sequence[Sequence[Any]]
Sums = Mapping[str, Sequence[Any]]  # by mart, as rules.sums says


@dataclass(frozen=True)
class Size:
    """How much synthetic data."""

    messages: int
    conversations: int


@dataclass
class Measured:
    """What was measured at one size. `fixed` is the same on next to no data."""

    size: Size
    raw_bytes: int
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    fixed: dict[str, list[Cost]] = field(default_factory=dict)
    out_of_memory: set[str] = field(default_factory=set)
    models: dict[str, dict[str, list[float]]] = field(default_factory=dict)  # seconds, by step
    parts: dict[str, dict[str, list[float]]] = field(default_factory=dict)  # build.PARTS, by step
    days: dict[str, Days] = field(default_factory=dict)
    sums: dict[str, Sums] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """A folder with raw files, those of a day earlier, and the room to work in."""

    folder: Path
    target: Path

    @property
    def last_day(self) -> Path:
        return self.folder / "last_day"

    @property
    def day_before(self) -> Path:
        return self.folder / "day_before"

    @property
    def raw(self) -> Path:
        """The folder that the nights read: it stays, and its files change."""
        return self.folder / "raw"

    @property
    def home(self) -> Home:
        return Home(self.folder / "home")

    @property
    def builder(self) -> Builder:
        return Builder(Home(self.folder / "home_without_tests"), self.target)

    def fill(self, size: Size, *, daily: bool) -> tuple[Size, datetime]:
        """Make the raw files; give how much they are, and when the last row was loaded."""
        whole = self.folder / "whole"
        whole.mkdir(parents=True)
        processes.call("raw_data.make", size.messages, size.conversations, folder=whole)
        given = (whole, "daily" if daily else "")
        _, found = processes.call("raw_data.lay", *given, folder=self.folder)
        shutil.rmtree(whole)
        size = Size(found["messages"], found["conversations"])
        return size, datetime.fromisoformat(found["last_load"])

    def lay(self, files: Path) -> None:
        """Put the files of another folder into `raw`, as they are."""
        shutil.rmtree(self.raw, ignore_errors=True)
        self.raw.mkdir()
        for file in files.iterdir():
            os.link(file, self.raw / file.name)


def measure(
    size: Size, runs: int, chosen: Collection[str], folder: Path, *, daily: bool = False
) -> Measured:
    """Make the data in a folder and run the chosen STEPS in turn, so many times.

    `daily`: the raw rows are one file for each day. Stop where results differ that must not.
    """
    clock = Clock()
    place = Place(folder / f"{size.messages}", folder / "target")
    size, last_load = place.fill(size, daily=daily)
    found = Measured(size, processes.size(place.last_day))
    say(f"raw files of {size.messages:,} messages: made in {clock}")
    nearly_empty = Place(folder / "nearly_empty", folder / "target")
    shutil.rmtree(nearly_empty.folder, ignore_errors=True)
    _, its_last_load = nearly_empty.fill(Size(NEARLY_EMPTY, NEARLY_EMPTY // 10), daily=daily)
    for run in range(1, runs + 1):
        clock = Clock()
        for step, cost in _steps(nearly_empty, chosen, Measured(size, 0), its_last_load):
            found.fixed.setdefault(step, []).append(cost)
        for step, cost in _steps(place, chosen, found, last_load):
            found.costs.setdefault(step, []).append(cost)
        parts = (f"{step} {found.costs[step][-1].seconds:.1f} s" for step in found.costs)
        say(f"run {run}, {clock}: {', '.join(parts)}")
    compare(found.days)
    compare_marts(found.sums)
    return found


def _steps(
    place: Place, chosen: Collection[str], found: Measured, last_load: datetime
) -> Iterator[tuple[str, Cost]]:
    """Run each step once; what it came to besides its cost goes into `found`."""
    for step in RIVALS:
        if (step in chosen or step == FLOOR) and step not in found.out_of_memory:
            yield from _rival(step, place, found)
    is_summed = any(step in found.sums for step in REBUILDS)
    if FULL in chosen:
        yield from _build(place.builder, place, found)
        found.days[FULL] = build.days(place.builder.home)
        if is_summed:
            found.sums[FULL] = build.sums(place.builder.home)
        if IDLE in chosen:  # the nights need the room
            shutil.rmtree(place.builder.home.folder)
    if IDLE in chosen:
        yield from _nights(place, found, last_load)
        found.days[IDLE] = build.days(place.home)
        if is_summed:
            found.sums[IDLE] = build.sums(place.home)


def _rival(step: str, place: Place, found: Measured) -> Iterator[tuple[str, Cost]]:
    out = place.folder / RIVALS[step]
    out.mkdir(exist_ok=True)
    for old in out.iterdir():
        old.unlink()
    try:
        function = f"rivals.{RIVALS[step]}"
        cost, days = processes.call(function, out, folder=place.last_day)
    except NoMemory:
        if step == FLOOR:
            raise
        warn(f"{step}: ran out of memory at {found.size.messages:,} messages; left out")
        found.out_of_memory.add(step)
        found.costs.pop(step, None)
        found.days.pop(step, None)
        found.sums.pop(step, None)
        return
    if step in REBUILDS:
        _, found.sums[step] = processes.call("rivals.rules.sums_of_files", out, folder=out)
    else:
        found.days[step] = days
    yield step, cost.leaving(out)


def _build(builder: Builder, place: Place, found: Measured) -> Iterator[tuple[str, Cost]]:
    """dbt's build of all rows without tests, and what follows it."""
    builder.begin()
    cost, models = builder.build(place.last_day)
    _note(found.models, FULL, models)
    yield FULL, cost
    publication = builder.publish()
    yield PUBLICATION, publication
    yield BOTH, cost + publication
    yield DAILY, builder.daily_marts()


def _nights(place: Place, found: Measured, last_load: datetime) -> Iterator[tuple[str, Cost]]:
    """The first night with the rows of the day before, then two more, as cron runs them."""
    shutil.rmtree(place.home.folder, ignore_errors=True)
    nights = Nights(place.home, place.raw, last_load)
    for step, files in ((FIRST, place.day_before), (NIGHT, place.last_day), (IDLE, None)):
        if files is not None:
            place.lay(files)
        cost, parts, models = nights.run()
        _note(found.parts, step, parts)
        _note(found.models, step, models)
        yield step, cost


def _note(noted: dict[str, dict[str, list[float]]], step: str, values: Mapping[str, float]) -> None:
    for name, value in values.items():
        noted.setdefault(step, {}).setdefault(name, []).append(value)


def compare(days: Mapping[str, Days]) -> None:
    """Take the days of each step; Stop where two that follow the same rules differ in any."""
    for one, other in _pairs(days):
        should, got = ({tuple(day) for day in days[step]} for step in (one, other))
        if should != got:
            differing = min(should ^ got)
            raise Stop(
                f"{one} and {other} differ in {len(should ^ got)} rows of days, the first: "
                f"{', '.join(map(str, differing))}; one of them breaks a rule",
                DATA_FAILED,
            )


def compare_marts(sums: Mapping[str, Sums]) -> None:
    """Take the sums of each step's marts; Stop where the rows of two are not the same."""
    for one, other in _pairs(sums):
        for mart, (rows, total) in sums[one].items():
            other_rows, other_total = sums[other][mart]
            if (rows, total) != (other_rows, other_total):
                raise Stop(
                    f"{one} and {other} differ in the mart {mart}, of {rows:,} and "
                    f"{other_rows:,} rows; one of them breaks a rule",
                    DATA_FAILED,
                )


def _pairs(steps: Collection[str]) -> Iterator[tuple[str, str]]:
    """Of each line of SAME_RULES the first step that there is, with each of the others."""
    for line in SAME_RULES:
        first, *others = [step for step in line if step in steps] or [""]
        for other in others:
            yield first, other
