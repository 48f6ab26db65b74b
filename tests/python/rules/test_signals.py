"""The control charts on counts that are drawn: how often they find what is not there, and what is.

The SQL is the one that the build of the sample compiled; only its tables are others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from math import exp, lgamma, log
from pathlib import Path
from random import Random
from typing import Any

import comparison
import duckdb
import oracle
import pytest

COMPILED = Path("warehouse", "target", "compiled", "containment", "models")
MODELS = ("intermediate/int_rate_periods", "marts/control_charts", "marts/signals")
FIRST = date(2026, 1, 5)  # a Monday
BASE_DAYS = 56
ONE_RULE, BOTH_RULES = "('beyond_three_sigma')", "('beyond_three_sigma', 'run_of_eight')"
# What the limits would be if nothing widened them: for the base's own error, for dispersion.
SHARES = """
    select
        avg((rate < control_low or rate > control_high)::int) as signals,
        avg((abs(rate - centre_rate) > 3 * sqrt(
            centre_rate * (1 - centre_rate) * (1 / base_count + 1 / base_sessions)
        ))::int) as without_dispersion,
        avg((abs(rate - centre_rate) > 3 * sqrt(
            centre_rate * (1 - centre_rate) / base_count
        ))::int) as of_textbook
    from containment.marts.control_charts
    where period_kind = ? and period_start_date >= ?
"""

Days = list[dict[str, Any]]


class Charts:
    """The models over one table of counts."""

    def __init__(self, sample: Path, days: Days, today: date, rules: str = ONE_RULE) -> None:
        self.connection = duckdb.connect()
        self.connection.execute(
            "attach ':memory:' as containment; create schema containment.marts; "
            "create schema containment.intermediate"
        )
        self.connection.execute(
            "create table containment.intermediate.int_settings as "
            "select ?::timestamp as as_of, 'UTC' as reporting_timezone",
            [datetime(today.year, today.month, today.day, 2)],
        )
        columns = ", ".join(f"unnest(?) as {name}" for name in days[0])
        self.connection.execute(
            f"create table containment.intermediate.int_rate_days as select {columns}",
            [[row[name] for row in days] for name in days[0]],
        )
        for model in MODELS:
            sql = (sample / COMPILED / f"{model}.sql").read_text(encoding="utf-8")
            assert model != MODELS[-1] or sql.count(ONE_RULE) == 1
            name = model.replace("/", ".")
            self.connection.execute(
                f"create table containment.{name} as {sql.replace(ONE_RULE, rules)}"
            )

    def rows(self, mart: str) -> list[dict[str, Any]]:
        cursor = self.connection.execute(f"from containment.marts.{mart}")
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def shares(self, kind: str, weeks: int = 9) -> tuple[float, ...]:
        """The shares of SHARES, of the periods with a whole base."""
        since = FIRST + timedelta(weeks=weeks)
        (found,) = self.connection.execute(SHARES, [kind, since]).fetchall()
        return tuple(found)


def day_row(day: int, value: str, counted: int, size: int, still_open: int = 0) -> dict[str, Any]:
    return {
        "started_date": FIRST + timedelta(days=day),
        "dimension": "channel",
        "dimension_value": value,
        "rate_name": "containment_rate",
        "counted": counted,
        "base_count": size,
        "open_count": still_open,
    }


def binomial(random: Random, size: int, rate: float, draws: int) -> list[int]:
    """So many draws of a binomial number."""
    weights = [
        exp(
            lgamma(size + 1)
            - lgamma(k + 1)
            - lgamma(size - k + 1)
            + k * log(rate)
            + (size - k) * log(1 - rate)
        )
        for k in range(size + 1)
    ]
    return random.choices(range(size + 1), weights, k=draws)


def drawn(random: Random, size: int, rates: Sequence[float], days: int, series: int = 150) -> Days:
    """Counts of each day of each series; a day's rate is one of `rates`, by chance."""
    draws = {rate: iter(binomial(random, size, rate, days * series)) for rate in set(rates)}
    return [
        day_row(day, f"c{number}", next(draws[random.choice(rates)]), size)
        for number in range(series)
        for day in range(days)
    ]


def test_drawn_counts_give_the_charts_and_signals_of_the_oracle(sample: Path) -> None:
    random = Random(1)
    size = {"large": 400, "small": 34, "tiny": 4, "all good": 50, "gaps": 60, "open": 90}
    days = []
    for value, most in size.items():
        for day in range(17 * 7 + 3):
            if value == "gaps" and day % 5 == 0:
                continue
            count = random.randint(most // 2, most)
            rate = 1.0 if value == "all good" else 0.55 if 80 < day < 100 else 0.75
            counted = sum(random.random() < rate for _ in range(count))
            still_open = random.choice((0, 0, 5, 30)) if value == "open" else 0
            days.append(day_row(day, value, counted, count, still_open))
    today = FIRST + timedelta(days=17 * 7 + 2)  # the last day is not over
    found = Charts(sample, days, today, BOTH_RULES)
    charts = oracle.control_chart_rows(days, today)
    wanted = {
        "control_charts": charts,
        "signals": oracle.signal_rows(charts, ("beyond_three_sigma", "run_of_eight")),
    }
    for mart, rows in wanted.items():
        assert comparison.bag(found.rows(mart), rows[0]) == comparison.bag(rows, rows[0])
    kinds = {(row["period_kind"], row["rule_name"], row["direction"]) for row in found.rows(mart)}
    assert {rule for _, rule, _ in kinds} == {"beyond_three_sigma", "run_of_eight"}
    assert {kind for kind, _, _ in kinds} == {"day", "week"}
    assert {row["dimension_value"] for row in charts} == {"large", "small", "gaps", "open"}
    # What open sessions may undo is no signal yet.
    outside = [r for r in charts if not r["control_low"] <= r["rate"] <= r["control_high"]]
    beyond = [row for row in wanted["signals"] if row["rule_name"] == "beyond_three_sigma"]
    assert 0 < len(beyond) < len(outside)


@pytest.fixture(scope="module")
def random() -> Iterator[Random]:
    yield Random(22)


# Near 0 or 1 counts are skewed, so one side has more of them outside, as in every p chart.
@pytest.mark.parametrize(
    ("size", "rate", "most"), [(40, 0.7, 0.0035), (400, 0.7, 0.0035), (120, 0.92, 0.0060)]
)
def test_chance_alone_is_a_signal_once_in_400_or_less(
    sample: Path, random: Random, size: int, rate: float, most: float
) -> None:
    days = 52 * 7
    charts = Charts(sample, drawn(random, size, [rate], days), FIRST + timedelta(days=days))
    signals, without_dispersion, of_textbook = charts.shares("day")
    # 45,000 judged days: 0.27 % give or take 0.025.
    assert 0.0019 < without_dispersion < most
    # A dispersion of 1 is estimated a little above 1: fewer false signals, not more.
    assert 0.0010 < signals < 0.8 * most
    # The base's own error left out would bring more false signals.
    assert of_textbook > 1.2 * without_dispersion
    signals, without_dispersion, _ = charts.shares("week")
    assert 0.0007 < without_dispersion < 0.0050  # 6,450 judged weeks
    assert signals <= without_dispersion


def test_a_weekend_of_its_own_is_no_signal(sample: Path, random: Random) -> None:
    days = 40 * 7
    counts = drawn(random, 300, [0.7], days, 100)
    for row, worse in zip(counts, binomial(random, 300, 0.5, len(counts)), strict=True):
        if row["started_date"].weekday() >= 5:
            row["counted"] = worse
    signals, *_ = Charts(sample, counts, FIRST + timedelta(days=days)).shares("day")
    assert 0.0008 < signals < 0.0030


def test_a_rate_that_always_moves_more_than_chance_has_wider_limits(
    sample: Path, random: Random
) -> None:
    days = 40 * 7
    counts = drawn(random, 1000, [0.67, 0.7, 0.73], days, 100)
    charts = Charts(sample, counts, FIRST + timedelta(days=days))
    for kind in ("day", "week"):
        signals, without_dispersion, _ = charts.shares(kind)
        assert without_dispersion > 0.08
        assert signals < 0.006


@pytest.mark.parametrize(
    ("size", "fall", "by_day", "by_week"),
    [(50, 0.1, (0.02, 0.12), (0.55, 0.8)), (400, 0.1, (0.6, 0.8), (0.99, 1.0))],
)
def test_a_fall_is_found(
    sample: Path,
    random: Random,
    size: int,
    fall: float,
    by_day: tuple[float, float],
    by_week: tuple[float, float],
) -> None:
    weeks, series = 12, 400
    counts = drawn(random, size, [0.7], weeks * 7, series)
    fallen = binomial(random, size, 0.7 - fall, len(counts))
    last = FIRST + timedelta(weeks=weeks - 1)
    for row, counted in zip(counts, fallen, strict=True):
        if row["started_date"] >= last:
            row["counted"] = counted
    charts = Charts(sample, counts, FIRST + timedelta(weeks=weeks))
    for kind, (low, high) in {"day": by_day, "week": by_week}.items():
        assert low <= charts.shares(kind, weeks - 1)[0] <= high
