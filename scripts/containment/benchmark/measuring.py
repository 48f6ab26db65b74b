"""Run everything in turn, several times, and see to it that all come to the same counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from containment.benchmark import processes
from containment.benchmark.build import Builder
from containment.benchmark.processes import Cost, NoMemory
from containment.benchmark.raw_data import TABLES
from containment.console import Clock, say, warn
from containment.errors import DATA_FAILED, Stop
from containment.places import Home

FLOOR, SIX_CTES, POLARS, PANDAS = "floor", "six CTEs, DuckDB", "Polars", "pandas"
FULL, PUBLICATION, BOTH = "full build", "publication", "full build and publication"
DAILY, NIGHT, IDLE = "daily marts alone", "night, 1/365 new", "night, nothing new"
TIDYING = "tidying up after the night"
STEPS = (FLOOR, SIX_CTES, POLARS, PANDAS, FULL, PUBLICATION, BOTH, DAILY, NIGHT, TIDYING, IDLE)
RIVALS = {FLOOR: "floor", SIX_CTES: "six_ctes", POLARS: "with_polars", PANDAS: "with_pandas"}
BY_ALL_RULES = (POLARS, PANDAS)
# What can be chosen on the command line; the floor always runs, for all else is compared with it.
CHOICES = {"six-ctes": SIX_CTES, "polars": POLARS, "pandas": PANDAS, "build": FULL}
NEARLY_EMPTY = 1_000  # messages: what this takes is what a step costs before it does any work

Days = Sequence[Sequence[Any]]


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
    days: dict[str, Days] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """A folder with raw files, those of a day earlier, and the room to work in."""

    folder: Path
    target: Path

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def day_before(self) -> Path:
        return self.folder / "day_before"

    @property
    def builder(self) -> Builder:
        return Builder(Home(self.folder / "home"), self.target)

    def fill(self, size: Size) -> int:
        """Make the raw files, give their bytes."""
        for folder in (self.raw, self.day_before):
            folder.mkdir(parents=True)
        processes.call("raw_data.make", size.messages, size.conversations, folder=self.raw)
        processes.call("raw_data.make_day_before", self.raw, folder=self.day_before)
        return sum((self.raw / f"{table}.parquet").stat().st_size for table in TABLES)


def measure(size: Size, runs: int, chosen: Collection[str], folder: Path) -> Measured:
    """Make the data in a folder and run the chosen of CHOICES in turn, so many times."""
    clock = Clock()
    place = Place(folder / f"{size.messages}", folder / "target")
    found = Measured(size, place.fill(size))
    say(f"raw files of {size.messages:,} messages: made in {clock}")
    nearly_empty = Place(folder / "nearly_empty", folder / "target")
    if not nearly_empty.raw.exists():
        nearly_empty.fill(Size(NEARLY_EMPTY, NEARLY_EMPTY // 10))
    for run in range(1, runs + 1):
        clock = Clock()
        for step, cost in _steps(nearly_empty, chosen, Measured(size, 0)):
            found.fixed.setdefault(step, []).append(cost)
        for step, cost in _steps(place, chosen, found):
            found.costs.setdefault(step, []).append(cost)
        parts = (f"{step} {found.costs[step][-1].seconds:.1f} s" for step in found.costs)
        say(f"run {run}, {clock}: {', '.join(parts)}")
    compare(found.days)
    return found


def _steps(place: Place, chosen: Collection[str], found: Measured) -> Iterator[tuple[str, Cost]]:
    """Run each step once; what it came to besides its cost goes into `found`."""
    for step in RIVALS:
        if (step in chosen or step == FLOOR) and step not in found.out_of_memory:
            yield from _rival(step, place, found)
    if FULL in chosen:
        yield from _build(place, found)


def _rival(step: str, place: Place, found: Measured) -> Iterator[tuple[str, Cost]]:
    out = place.folder / RIVALS[step]
    out.mkdir(exist_ok=True)
    for old in out.iterdir():
        old.unlink()
    try:
        cost, found.days[step] = processes.call(f"rivals.{RIVALS[step]}.run", out, folder=place.raw)
    except NoMemory:
        if step == FLOOR:
            raise
        warn(f"{step}: ran out of memory at {found.size.messages:,} messages; left out")
        found.out_of_memory.add(step)
        found.costs.pop(step, None)
        found.days.pop(step, None)
        return
    yield step, cost


def _build(place: Place, found: Measured) -> Iterator[tuple[str, Cost]]:
    """The build of the day before, then two nights."""
    builder = place.builder
    builder.begin()
    for step, raw in ((FULL, place.day_before), (NIGHT, place.raw), (IDLE, place.raw)):
        cost, models = builder.build(raw)
        yield step, cost
        for model, seconds in models.items():
            found.models.setdefault(step, {}).setdefault(model, []).append(seconds)
        if step == FULL:
            publication = builder.publish()
            yield PUBLICATION, publication
            yield BOTH, cost + publication
            yield DAILY, builder.daily_marts()
        elif step == NIGHT:
            yield TIDYING, builder.tidy_up()
    found.days[FULL] = builder.days()


def compare(days: Mapping[str, Days]) -> None:
    """Take the days of each step; Stop where two that follow the same rules differ in any."""
    for one, others in ((FLOOR, (SIX_CTES,)), (FULL, BY_ALL_RULES), (POLARS, (PANDAS,))):
        for other in others:
            if not {one, other} <= days.keys():
                continue
            should, got = ({tuple(day) for day in days[step]} for step in (one, other))
            if should != got:
                differing = min(should ^ got)
                raise Stop(
                    f"{one} and {other} differ in {len(should ^ got)} rows of days, the first: "
                    f"{', '.join(map(str, differing))}; one of them breaks a rule",
                    DATA_FAILED,
                )
