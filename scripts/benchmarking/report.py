"""What was measured, as tables: on the terminal and on a page."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarking import measuring
from benchmarking.build import CONVERSATIONS, PARTS
from benchmarking.measuring import BOTH, FLOOR, FULL, NIGHTS, STEPS, Measured
from containment.publish import headline

MIB = 2**20
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "polars", "pandas")
SLOWEST = 8  # models that are listed
LEAST_SECONDS = 0.1  # a ratio to less than that says nothing
HEADER = (
    *("step", "seconds", "× floor", "× full build", "work", "× floor's", "× full build's"),
    *("CPU seconds", "memory, MiB", "disk, MiB"),
)
NIGHT_HEADER = ("part of a night, in seconds", *NIGHTS)
RUNS = "## Runs"
PAGE = Path(__file__).with_name("page.md")  # what stands above the runs


def tables(found: Measured) -> Iterator[str]:
    """Lines for the terminal."""
    yield from headline.table(HEADER, list(_rows(found)), texts=1)
    yield ""
    if found.parts:
        yield from headline.table(NIGHT_HEADER, list(_parts(found)), texts=1)
        yield ""
    yield from _counts(found)
    for step, models in _slowest(found):
        yield f"{step}, slowest models: {models}"


def section(found: Sequence[Measured], arguments: Sequence[str], runs: int) -> str:
    """What one command measured, in markdown."""
    command = shlex.join(["scripts/benchmark", *arguments])
    times = "one run" if runs == 1 else f"medians of {runs} runs"
    lines = [f"### `{command}`", "", f"{machine()}; {times}, {versions()}.", ""]
    for each in found:
        lines += [f"**{_described(each)}**", "", *_markdown(HEADER, _rows(each)), ""]
        if each.parts:
            lines += [*_markdown(NIGHT_HEADER, _parts(each)), ""]
        lines += [f"- {line}" for line in _counts(each)]
        lines += [f"- {step}, slowest models: {models}" for step, models in _slowest(each)]
        lines += [""]
    if len(found) > 1:
        lines += ["**Work per million messages, in seconds**", "", *_per_million(found), ""]
    return "\n".join(lines)


def write(page: Path, text: str, *, add: bool) -> None:
    """Write the page with a section in place of its runs, or with `add` above them.

    What the page has after its runs stays.
    """
    runs = after = ""
    if page.exists():
        _, _, written = page.read_text(encoding="utf-8").partition(f"\n{RUNS}\n")
        runs, *further = re.split(r"^(?=## )", written, maxsplit=1, flags=re.MULTILINE)
        after = "".join(further)
    head = PAGE.read_text(encoding="utf-8").format(nearly_empty=measuring.NEARLY_EMPTY)
    parts = (part.strip() for part in (head, RUNS, text, runs if add else "", after))
    page.write_text("\n\n".join(filter(None, parts)) + "\n", encoding="utf-8")


def machine() -> str:
    """Cores, model of the processor and memory, as the system tells."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{count} cores ({_processor()}), {memory:.0f} GiB of memory, {platform.system()}"


def versions() -> str:
    """Of what is measured; what is not installed is left out."""
    found = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except ImportError:
            continue
    return ", ".join(found)


def _processor() -> str:
    if sys.platform == "darwin":
        name = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True
        ).stdout.strip()
    else:
        information = Path("/proc/cpuinfo")
        lines = information.read_text().splitlines() if information.exists() else []
        name = next((line.split(": ")[1] for line in lines if line.startswith("model name")), "")
    return name or platform.machine()


def _described(found: Measured) -> str:
    size = found.size
    return (
        f"{size.messages:,} messages in {size.conversations:,} conversations, "
        f"{found.raw_bytes / MIB:,.0f} MiB of parquet"
    )


def _rows(found: Measured) -> Iterator[tuple[object, ...]]:
    for step in STEPS:
        if step in found.out_of_memory:
            yield (step, "out of memory", *["-"] * (len(HEADER) - 2))
        elif step in found.costs:
            costs = found.costs[step]
            yield (
                step,
                f"{median(cost.seconds for cost in costs):.2f}",
                _ratio(found, step, FLOOR, _seconds),
                _ratio(found, step, FULL, _seconds),
                f"{median(_work(found, step)):.2f}",
                _ratio(found, step, FLOOR, _work),
                _ratio(found, step, FULL, _work),
                f"{median(cost.cpu_seconds for cost in costs):.2f}",
                round(median(cost.peak_bytes for cost in costs) / MIB),
                round(median(cost.disk_bytes for cost in costs) / MIB),
            )


def _parts(found: Measured) -> Iterator[tuple[object, ...]]:
    for part in PARTS:
        values = [median(found.parts[night][part]) for night in NIGHTS]
        if part.endswith("MiB"):
            yield part, *(round(value / MIB) for value in values)
        elif part == CONVERSATIONS:
            yield part, *map(round, values)
        else:
            yield part, *(f"{value:.2f}" for value in values)


def _seconds(found: Measured, step: str) -> list[float]:
    return [cost.seconds for cost in found.costs.get(step, [])]


def _work(found: Measured, step: str) -> list[float]:
    """Seconds of each run less what the step takes on next to no data."""
    fixed = median(cost.seconds for cost in found.fixed[step]) if step in found.costs else 0
    return [max(0.0, seconds - fixed) for seconds in _seconds(found, step)]


def _ratio(
    found: Measured, this: str, that: str, of: Callable[[Measured, str], list[float]]
) -> str:
    """The median of the runs' ratios."""
    pairs = list(zip(of(found, this), of(found, that), strict=False))
    if not pairs or min(other for _, other in pairs) < LEAST_SECONDS:
        return "-"
    return f"{median(one / other for one, other in pairs):.2f}"


def _counts(found: Measured) -> Iterator[str]:
    for steps in measuring.SAME_RULES:
        counted = [step for step in steps if step in found.days]
        if counted:
            days = found.days[counted[0]]
            # A day ends with closed and contained, and the outcomes where there are any.
            at = 1 if steps[0] == FLOOR else 2
            closed, contained = (sum(day[at + place] for day in days) for place in (0, 1))
            share = f"{headline.percent(contained, closed)} %" if closed else "-"
            yield f"{', '.join(counted)}: contained {share}, {contained:,} of {closed:,} closed"


def _slowest(found: Measured) -> Iterator[tuple[str, str]]:
    for step in (FULL, *NIGHTS):
        models = {name: median(times) for name, times in found.models.get(step, {}).items()}
        slowest = sorted(models.items(), key=lambda model: -model[1])[:SLOWEST]
        if slowest:
            yield step, ", ".join(f"{name} {seconds:.1f} s" for name, seconds in slowest)


def _per_million(found: Sequence[Measured]) -> Iterator[str]:
    header = ("step", *(f"{each.size.messages / 1e6:g} million" for each in found))
    rows = [
        (
            step,
            *(
                f"{median(_work(each, step)) / each.size.messages * 1e6:.2f}"
                if step in each.costs
                else "-"
                for each in found
            ),
        )
        for step in (*measuring.RIVALS, BOTH, *NIGHTS)
        if any(step in each.costs for each in found)
    ]
    yield from _markdown(header, rows)


def _markdown(header: Sequence[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|---|{'---:|' * (len(header) - 1)}"
    for row in rows:
        cells = (f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row)
        yield f"| {' | '.join(cells)} |"
