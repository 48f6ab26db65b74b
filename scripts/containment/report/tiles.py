"""The tiles at the top of the page: a figure, its interval, and its change with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from containment.report import formats
from containment.settings.values import PLAIN

# Each figure of analyses/report/tiles.sql: its title, and what it is a share of.
TILES = {
    "containment_rate": ("Contained", "closed sessions"),
    "coverage_rate": ("The bot takes part", "contacts"),
    "durable_containment_rate_7d": ("Stayed contained, 7 days", "contained sessions"),
    "answered_within_5_min_rate": ("A person within 5 minutes", "escalated sessions"),
    "contained_csat_score": ("Mean score, contained", "ratings"),
    "escalated_csat_score": ("Mean score, escalated", "ratings"),
}
# What stands in place of the interval of a mean of fewer than 10 scores (scores.sql).
FEW = "too few ratings for an interval"


@dataclass(frozen=True)
class Target:
    """A row of the lookup targets: from that day on the rate (0 to 1) that is aimed at."""

    rate_name: str
    from_date: date
    target: float


@dataclass(frozen=True)
class View:
    """What the page shows first: so many complete days, and the targets of rates."""

    days: int = PLAIN["report_days"].default
    targets: Sequence[Target] = ()


@dataclass(frozen=True)
class Tile:
    """A tile as it is shown. `verdict`: better, worse or unclear. `is_known`: it has a rate; the
    others say in `counts` why not."""

    name: str
    title: str
    noun: str
    rate: str = formats.NOTHING
    interval: str = ""
    counts: str = ""
    change: str = ""
    change_interval: str = ""
    verdict: str = "unclear"
    target: str = ""
    is_known: bool = True


def tiles(
    rows: Sequence[Mapping[str, Any]],
    targets: Sequence[Target],
    day: date | None,
    *,
    has_earlier: bool,
) -> list[Tile]:
    """Take the rows of tiles.sql, the last day, and whether there are days before those that are
    shown; give a tile for each figure, those without one with the reason."""
    found = {row["tile"]: row for row in rows}
    has_contained = bool((found.get("containment_rate") or {}).get("counted"))
    made = []
    for name, (title, noun) in TILES.items():
        if name in found:
            target = target_at(targets, name, day)
            before = f"no {noun} before" if has_earlier else "no earlier days"
            made.append(_tile(name, found[name], target, before))
        else:
            is_young = name == "durable_containment_rate_7d" and has_contained
            reason = "too young to know yet" if is_young else f"no {noun} in these days"
            made.append(Tile(name, title, noun, counts=reason, is_known=False))
    return made


def target_at(targets: Sequence[Target], name: str, day: date | None) -> float | None:
    """The target of a rate that holds on a day."""
    holding = [each for each in targets if each.rate_name == name and day and each.from_date <= day]
    return max(holding, key=lambda each: each.from_date).target if holding else None


def line(targets: Sequence[Target], first: date, last: date) -> list[dict[str, Any]]:
    """The target of the containment rate as a line of steps from one day to another."""
    rate = "containment_rate"
    days = sorted({first, last, *(each.from_date for each in targets if each.rate_name == rate)})
    steps = [(day, target_at(targets, rate, day)) for day in days if first <= day <= last]
    return [{"from_date": day, "target_rate": at} for day, at in steps if at is not None]


def _tile(name: str, row: Mapping[str, Any], target: float | None, before: str) -> Tile:
    title, noun = TILES[name]
    change, low, high = (row[f"rate_change{end}"] for end in ("", "_low", "_high"))
    is_clear = low is not None and (low > 0 or high < 0)
    is_mean = name.endswith("_score")
    return Tile(
        name,
        title,
        noun,
        rate=f"{formats.percent(row['rate'])} %",
        interval=FEW
        if is_mean and row["rate_low"] is None
        else formats.interval(row["rate_low"], row["rate_high"]),
        counts=f"{row['base_count']:,} {noun}"
        if is_mean
        else f"{int(row['counted']):,} of {row['base_count']:,} {noun}",
        change=before if change is None else f"{formats.points(change)} points",
        change_interval="" if low is None else formats.interval_of_points(low, high),
        verdict="unclear" if not is_clear else "better" if change > 0 else "worse",
        target="" if target is None else _beside(row["rate"], target),
    )


def _beside(rate: float, target: float) -> str:
    return f"target {formats.percent(target)} %: {formats.points(100 * (rate - target))} points"
