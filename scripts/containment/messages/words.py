"""The words of messages: plain text, short, with counts, intervals, limits and a link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from containment.common.shown import cut, printable
from containment.publish import headline
from containment.query import units

Row = Mapping[str, Any]
RATES = {
    "containment_rate": ("containment", "closed sessions"),
    "resolution_rate": ("resolution", "closed sessions"),
    "coverage_rate": ("coverage", "contacts"),
}
LONGEST_VALUE = 40
# Signs that make a link, a mention or a format of a value in some chat or mail program.
NO_TEXT = re.compile(r"[^\w .,:'+%-]")
# Topics cannot be filtered by in the report: the link leads to the period.
NO_FILTER = ("all", "topic")


def signal(row: Row, report_url: str | None) -> list[str]:
    """The lines of a row of marts.signals: the sentence, and the link to the view."""
    what, of = RATES[row["rate_name"]]
    counted, base = row["counted"], row["base_count"]
    low, high = headline.wilson(counted, base)
    where = "" if row["dimension"] == "all" else f", {row['dimension']} {value(row)}"
    said = (
        f"{period(row)}{where}: {what} {headline.percent(counted, base)} % ({counted:,} of "
        f"{base:,} {of}; 95 % interval {low}–{high} %), {_rule(row)} {limits(row)}; centre line "
        f"{units.percent(row['centre_rate'])} % ({row['base_sessions']:,} {of}, "
        f"{row['base_start_date']} to {row['base_end_date']})"
    )
    is_filter = row["dimension"] not in NO_FILTER
    view = {row["dimension"]: row["dimension_value"]} if is_filter else {}
    link = view_link(report_url, row["period_start_date"], row["period_end_date"], view)
    return [said, *([link] if link else [])]


def _rule(row: Row) -> str:
    if row["rule_name"] == "run_of_eight":
        return (
            f"the eighth {row['period_kind']} in a row {row['direction']} its centre line; limits"
        )
    return f"{row['direction']} its limits"


def limits(row: Row) -> str:
    """The control limits in percent, cut like every rate."""
    return f"{units.percent(row['control_low'])}–{units.percent(row['control_high'])} %"


def period(row: Row) -> str:
    """A day with its weekday, or a week with its first and last day."""
    start = row["period_start_date"]
    if row["period_kind"] == "day":
        return f"{start:%A} {start}"
    return f"Week {start} to {row['period_end_date']}"


def value(row: Row) -> str:
    """A value of a dimension, as no program takes it for more than text, and not too long."""
    plain = NO_TEXT.sub("·", printable(str(row["dimension_value"])[: LONGEST_VALUE + 1]))
    return f"“{cut(plain, LONGEST_VALUE)}”"


def view_link(
    report_url: str | None, first: date, last: date, view: Mapping[str, str] | None = None
) -> str | None:
    """The address of the report's view of some days; None without the report's address."""
    if report_url is None:
        return None
    fragment = urlencode({"from": first, "to": last, **(view or {})})
    return f"{report_url}#{fragment}"


def moment(at: datetime) -> str:
    """A time in UTC, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def digest(week: Row, report_url: str | None) -> list[str]:
    """The lines of the last whole week, beside the week before."""
    start: date = week["period_start_date"]
    last = start + timedelta(days=6)
    contained, closed = week["contained_sessions"], week["closed_sessions"]
    lines = [f"Week {start} to {last}: no closed session"]
    if closed:
        low, high = headline.wilson(contained, closed)
        lines = [
            f"Week {start} to {last}: containment {headline.percent(contained, closed)} % "
            f"({contained:,} of {closed:,} closed sessions; 95 % interval {low}–{high} %)"
        ]
    if week["containment_rate_change"] is not None:
        change, low, high = (
            f"{week[f'containment_rate_change{end}']:+.1f}" for end in ("", "_low", "_high")
        )
        lines.append(f"Against the week before: {change} points (95 % interval {low} to {high})")
    if week["contacts"]:
        involved, contacts = week["bot_involved_contacts"], week["contacts"]
        lines.append(
            f"Coverage {headline.percent(involved, contacts)} % ({involved:,} of {contacts:,} "
            f"contacts); {week['open_sessions']:,} sessions still open"
        )
    link = view_link(report_url, start, last)
    return [*lines, *([link] if link else [])]
