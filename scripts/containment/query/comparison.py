"""A metric in two periods: counts, rates, and whether their difference is more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from containment.common import sql
from containment.common.errors import Stop
from containment.common.shown import quoted
from containment.query import analyses, metrics
from containment.query.units import HIGH, LOW

Value = str | int | float | bool | None
Filters = Mapping[str, Value | Sequence[Value]]
BEFORE, AFTER = "before", "after"

# The formulas are the project's macros, those of the marts.
_OF_RATIO = """
rates_added as (
    select
        *,
        {{ ratio('before_PART', 'before_WHOLE') }} as before_METRIC,
        {{ wilson_bound('before_PART', 'before_WHOLE', '-') }} as before_METRIC_low,
        {{ wilson_bound('before_PART', 'before_WHOLE', '+') }} as before_METRIC_high,
        {{ ratio('after_PART', 'after_WHOLE') }} as after_METRIC,
        {{ wilson_bound('after_PART', 'after_WHOLE', '-') }} as after_METRIC_low,
        {{ wilson_bound('after_PART', 'after_WHOLE', '+') }} as after_METRIC_high
    from paired
),
final as (
    select
        *,
        100 * (after_METRIC - before_METRIC) as METRIC_difference,
        {{ difference_bound(
            'after_METRIC', 'after_METRIC_low', 'before_METRIC', 'before_METRIC_high', '-'
        ) }} as METRIC_difference_low,
        {{ difference_bound(
            'after_METRIC', 'after_METRIC_high', 'before_METRIC', 'before_METRIC_low', '+'
        ) }} as METRIC_difference_high
    from rates_added
)
"""
_OF_MEAN = """
means_added as (
    select
        *,
        {{ ratio('before_PART', 'before_WHOLE') }} as before_METRIC,
        {{ ratio('after_PART', 'after_WHOLE') }} as after_METRIC
    from paired
),
final as (
    select *, after_METRIC - before_METRIC as METRIC_increase
    from means_added
)
"""
_OF_NUMBER = """
final as (
    select *, after_METRIC - before_METRIC as METRIC_increase
    from paired
)
"""


@dataclass(frozen=True)
class Period:
    """Days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


def period(first: str, last: str) -> Period:
    """Take two days (ISO 8601), give the period; raise Stop if they are none."""
    found = Period(_day(first), _day(last))
    if found.days < 1:
        raise Stop(f"a period from {first} to {last} has no day; give the earlier day first")
    return found


def condition(
    metric: metrics.Metric, filters: Filters, first: str | None = None, last: str | None = None
) -> str | None:
    """Take values of a metric's dimensions and two days, give the condition; None if all is asked.

    Several values of one dimension are alternatives. Raise Stop where a name or a day is none.
    """
    parts = []
    for name, values in filters.items():
        metrics.dimension(metric.model, name)  # Stop if it is none: what is asked becomes SQL
        parts.append(_one_of(name, values))
    if first:
        parts.append(f"day >= date '{_day(first)}'")
    if last:
        parts.append(f"day <= date '{_day(last)}'")
    return " and ".join(parts) or None


def query(
    known: Mapping[str, metrics.Metric],
    name: str,
    before: Period,
    after: Period,
    by: Sequence[str] = (),
    filters: Filters | None = None,
) -> str:
    """Return the SQL that sets two periods side by side, with a row for each value of `by`.

    A rate has its counts, its Wilson interval in both periods, and the difference in points with
    Newcombe's interval; a count, a median or a mean score has the difference alone. Raise Stop
    where a name is unknown, or where the metric is itself the end of an interval.
    """
    metric = metrics.known(known, name)
    if metric.kind == "derived":
        raise Stop(
            f"{name} is the end of an interval; compare {' or '.join(_rates(known, metric))}"
        )
    times = [each for each in by if each in (*metrics.GRAINS, metrics.TIME)]
    if times:
        raise Stop(f"two periods have no {times[0]} in common; compare them by another dimension")
    parts = list(metric.inputs) if metric.kind == "ratio" else [name]
    before_sql, after_sql = (
        metrics.sql(
            known, parts, by, condition(metric, filters or {}, str(days.first), str(days.last))
        )
        for days in (before, after)
    )
    counts = [f"{each}.{part} as {each}_{part}" for each in (BEFORE, AFTER) for part in parts]
    groups = [f"coalesce({BEFORE}.{group}, {AFTER}.{group}) as {group}" for group in by]
    same = [f"{BEFORE}.{group} is not distinct from {AFTER}.{group}" for group in by]
    join = f"full join {AFTER} on {' and '.join(same)}" if by else f"cross join {AFTER}"
    # Only what is ours is rendered: in a template, a value that is asked for could be code.
    added = analyses.render_text(_added(metric))
    for word, meant in zip(("METRIC", "PART", "WHOLE"), (name, *parts), strict=False):
        added = added.replace(word, meant)
    return "\n".join(
        [
            *(f"with {BEFORE} as (", before_sql, "),", f"{AFTER} as (", after_sql, "),"),
            f"paired as (select {', '.join([*groups, *counts])} from {BEFORE} {join}),",
            added,
            "select * from final",
            *([f"order by {', '.join(by)}"] if by else []),
        ]
    )


def _added(metric: metrics.Metric) -> str:
    if metric.kind != "ratio":
        return _OF_NUMBER
    return _OF_RATIO if metrics.is_proportion(metric) else _OF_MEAN


def verdict(name: str, row: Mapping[str, object]) -> str | None:
    """Take a row of a ratio's comparison, give what its interval says; None of what has none."""
    if f"{name}_difference" not in row:
        return None
    low, high = row[f"{name}_difference{LOW}"], row[f"{name}_difference{HIGH}"]
    if not isinstance(low, float) or not isinstance(high, float):
        return "nothing to compare: one of the periods has no row to divide by"
    if low <= 0 <= high:
        return "the interval includes 0: the difference may be chance"
    return f"the interval does not include 0: {'higher' if low > 0 else 'lower'} than before"


def _rates(known: Mapping[str, metrics.Metric], derived: metrics.Metric) -> list[str]:
    """The ratios of the counts that a formula is made of."""
    return [
        each.name
        for each in known.values()
        if each.kind == "ratio" and list(each.inputs) == list(derived.inputs)
    ]


def _one_of(name: str, values: Value | Sequence[Value]) -> str:
    asked = list(values) if isinstance(values, (list, tuple)) else [values]
    given = [str(each).lower() if isinstance(each, bool) else str(each) for each in asked]
    texts = [sql.text(text) for text, each in zip(given, asked, strict=True) if each is not None]
    parts = [f"cast({name} as varchar) in ({', '.join(texts)})"] if texts else []
    parts += [f"{name} is null"] if None in asked else []
    return f"({' or '.join(parts)})" if parts else "false"


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Stop(f"no day: {quoted(written)}; write it as 2026-09-30") from None
