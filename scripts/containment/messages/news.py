"""What there is to tell: signals of the publication, runs that failed, a run that did not come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from containment.common.clock import utc_now
from containment.common.console import warn
from containment.common.errors import LOCKED, Stop, masked, one_line
from containment.common.places import DATABASE, Home
from containment.common.shown import cut, line
from containment.messages import sent, words
from containment.publish import publish
from containment.runs import history
from containment.runs.run import FAILED, KILLED, PUBLISHED

SIGNALS, FAILURES = "signals", "failures"
DAYS_OF_NEWS = 14  # what is older is history: nobody is told of it when messages begin
MOST_SIGNALS = 10  # in one message; the others are counted
LONGEST_REASON = 300
STOPPED_BY_HAND = 130  # Ctrl-C: who pressed it knows
CHANCE = 0.0027  # the share of judged rates that are outside three sigma by chance
# The first of equal ones is told: with one channel, `all` and the channel are the same sessions.
DIMENSIONS = ("all", "source", "channel", "brand", "bot")
SIGNAL_ROWS = f"""
    select signals.*
    from marts.signals as signals
    cross join (select max(as_of) as as_of from marts.settings) as settings
    where signals.period_end_date >= cast(settings.as_of as date) - {DAYS_OF_NEWS}
    order by
        signals.period_start_date desc, signals.period_kind desc,
        abs(signals.rate - signals.centre_rate) / (signals.control_high - signals.control_low) desc,
        signals.dimension, signals.dimension_value, signals.rate_name, signals.rule_name
"""
WEEK = """
    select * from marts.containment_trend
    where period_kind = 'week' and is_complete order by period_start_date desc limit 1
"""
JUDGED = """
    select coalesce(max(judged_count), 0) from marts.control_charts
    where period_kind = 'week' and period_start_date = ?
"""

Row = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """A piece of news: what tells it from others (`keys`), and its lines."""

    kind: str
    keys: Sequence[str]
    lines: Sequence[str]
    judged: tuple[object, int] = ("", 0)  # of a signal: its period, and how many were judged there


def signals(home: Home, report_url: str | None) -> list[Item]:
    """The signals of the current publication whose period ended in the last DAYS_OF_NEWS days."""
    equal: dict[tuple[object, ...], list[Row]] = {}
    for row in _ask(home, SIGNAL_ROWS):
        names = ("period_kind", "period_start_date", "rate_name", "rule_name", "counted")
        same = tuple(row[name] for name in (*names, "base_count", "base_sessions", "centre_rate"))
        # Two values of one dimension are never the same sessions.
        twins = {each["dimension"] for each in equal.get(same, [])}
        own = (row["dimension_value"],) if row["dimension"] in twins else ()
        equal.setdefault((*same, *own), []).append(row)
    items = []
    for rows in equal.values():
        rows.sort(key=lambda row: (*DIMENSIONS, row["dimension"]).index(row["dimension"]))
        told = rows[0]
        judged = ((told["period_kind"], told["period_start_date"]), told["judged_count"])
        lines = words.signal(told, report_url)
        items.append(Item(SIGNALS, [_signal_key(row) for row in rows], lines, judged))
    return items


def _signal_key(row: Row) -> str:
    # Without its counts: one that late rows restate is the same signal.
    names = ("period_kind", "period_start_date", "dimension", "dimension_value")
    return sent.key("signal", *(row[name] for name in (*names, "rate_name", "rule_name")))


def failures(home: Home, ended: Row | None = None) -> list[Item]:
    """The runs of the last DAYS_OF_NEWS days that failed or were killed, the newest first.

    ended: the `--json` object of a run that perhaps is not in the history.
    """
    since = utc_now() - timedelta(days=DAYS_OF_NEWS)
    runs = [run for run in _runs(home) if run["started_at"] >= since]
    if ended is not None and ended["run_id"] not in {run["run_id"] for run in runs}:
        runs.insert(0, ended)
    return [item for run in runs for item in failure(home, run)]


def failure(home: Home, run: Row) -> list[Item]:
    """The news of one run, if it failed or was killed; what somebody stopped by hand is none."""
    told = run["outcome"] in (FAILED, KILLED) and run["exit_code"] not in (LOCKED, STOPPED_BY_HAND)
    if not told:
        return []
    began = run["started_at"]
    if isinstance(began, str):
        began = datetime.fromisoformat(began.removesuffix("Z"))
    code = "" if run["exit_code"] is None else f" (exit code {run['exit_code']})"
    how = "was killed" if run["outcome"] == KILLED else "failed"
    why = cut(line(masked(run["message"] or "no reason is known")), LONGEST_REASON)
    seen = publish.current(home.published)
    reads = f"Readers have the publication {seen}" if seen else "Nothing is published yet"
    said = f"The run of {words.moment(began)} {how}{code}: {why}"
    return [Item(FAILURES, [sent.key("run", run["run_id"])], [said, reads])]


def missing(home: Home, hours: float, now: datetime) -> list[Item]:
    """A night that did not come: no run has published for so many hours; again each day after."""
    runs = _runs(home)
    if not runs:
        raise Stop(f"{home.history}: no run is on record; check --home")
    published = [run for run in runs if run["outcome"] == PUBLISHED and run["ended_at"]]
    last = published[0]["ended_at"] if published else runs[-1]["started_at"]
    late = now - last - timedelta(hours=hours)
    if late <= timedelta(0):
        return []
    age = (now - last).total_seconds() / 3600
    said = (
        f"No run has published for {age:,.0f} hours: the last one did at {words.moment(last)}"
        if published
        else f"No run has published since the first one began at {words.moment(last)}"
    )
    newest = runs[0]
    more = f"The newest run began at {words.moment(newest['started_at'])}: {newest['outcome']}"
    return [Item("missing", [sent.key("missing", last, late // timedelta(days=1))], [said, more])]


def digest(home: Home, report_url: str | None) -> Item:
    """The last whole week: its rates beside those of the week before, its signals, its runs."""
    weeks = _ask(home, WEEK)
    if not weeks:
        raise Stop(f"{home.published}: no whole week is published yet; nothing to digest")
    week = weeks[0]
    start = week["period_start_date"]
    lines = words.digest(week, report_url)
    found = [item for item in signals(home, report_url) if item.judged[0] == ("week", start)]
    judged = _ask(home, JUDGED, [start])
    count = next(iter(judged[0].values())) if judged else 0
    lines.append(f"Signals of the week: {len(found) or 'none'} among {count:,} judged rates")
    lines += [each for item in found[:MOST_SIGNALS] for each in item.lines]
    first = datetime.combine(start, datetime.min.time())
    runs = [run for run in _runs(home) if run["started_at"] >= first]
    good = sum(run["outcome"] == PUBLISHED for run in runs)
    bad = sum(run["outcome"] in (FAILED, KILLED) for run in runs)
    lines.append(f"Runs since the week began: {good} published, {bad} failed")
    exceeded = _ask(
        home,
        "select distinct finding from marts.data_quality where is_exceeded and action = 'warn' "
        "order by all",
    )
    if exceeded:
        lines.append(
            f"Findings beyond their limits: {', '.join(row['finding'] for row in exceeded)}"
        )
    return Item("digest", [sent.key("digest", start)], lines)


def text(items: Sequence[Item]) -> tuple[str, str]:
    """The title and the body of a message of some news."""
    kinds = [item.kind for item in items]
    found = [item for item in items if item.kind == SIGNALS]
    counted = {
        "no run": kinds.count("missing"),
        "run failed": kinds.count(FAILURES),
        "signal": len(found),
        "weekly digest": kinds.count("digest"),
    }
    title = ", ".join(_title(what, many) for what, many in counted.items() if many)
    others = [item for item in items if item.kind != SIGNALS]
    parts = ["\n".join(item.lines) for item in (*others, *found[:MOST_SIGNALS])]
    if len(found) > MOST_SIGNALS:
        parts.append(f"and {len(found) - MOST_SIGNALS} more signals: marts.signals")
    if found:
        judged = sum(dict(item.judged for item in found).values())
        parts.append(
            f"{len(found)} of {judged:,} judged rates; chance alone makes about "
            f"{judged * CHANCE:.1f} of them signals"
        )
    return f"containment: {title}", "\n\n".join(parts)


def _title(what: str, many: int) -> str:
    if what == "signal":
        return f"{many} signal{'' if many == 1 else 's'}"
    return what if many == 1 else f"{many} runs failed"


def _runs(home: Home) -> list[Row]:
    """The runs on record, the newest first."""
    with history.opened(home) as connection:
        return list(_rows(connection, f"from {history.RUNS} order by run_id desc", []))


def _ask(home: Home, query: str, values: Sequence[object] = ()) -> list[Row]:
    """Rows of the current publication; none if it cannot answer: an older one lacks a mart."""
    seen = publish.current(home.published)
    if seen is None:
        return []
    file: Path = publish.versions(home.published) / seen / DATABASE
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            # Otherwise DuckDB looks for a missing mart among the functions here.
            connection.execute("set python_enable_replacements = false")
            return list(_rows(connection, query, values))
    except duckdb.CatalogException:
        return []
    except duckdb.Error as error:
        warn(f"{file}: cannot be read ({one_line(error)}); no message is made of it")
        return []


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[object]
) -> Iterator[Row]:
    cursor = connection.execute(query, [*values])
    names = [column[0] for column in cursor.description or ()]
    for row in cursor.fetchall():
        yield dict(zip(names, row, strict=True))
