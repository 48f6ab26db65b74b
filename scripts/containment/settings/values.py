"""The values of settings: where each comes from, and which are right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from containment.common.errors import Stop
from containment.common.shown import quoted

MOST_COURTESY_MINUTES = 10_080  # a week
MOST_REPORT_DAYS = 366
FEWEST_PUBLICATIONS = 2  # one to go back to
MOST_SHOWN = 1_000  # values of an attribute, in the marts by dimension
MOST_DAYS = 366  # between two tests of all rows
MOST_MINIMUM_SESSIONS = 1_000_000
# More is no setting, and would be written into logs, the command line of dbt and a mart.
LONGEST_TEXT, MOST_VALUES, DEEPEST, MOST_BITS = 10_000, 10_000, 6, 256
TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?"
    r" ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)


DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
WEB = re.compile(r"https?://[^\s@?#\"'<>]+")


class Given(NamedTuple):
    """A value and the place it comes from, as the user knows it."""

    value: Any
    origin: str


def is_number(value: Any) -> bool:
    """Whether a value is a number; not a boolean (Python's are), infinity or nan."""
    return type(value) in (int, float) and math.isfinite(value)


class Plain(NamedTuple):
    """A setting with one value: its default, which values are right, and what to write."""

    default: Any
    is_right: Callable[[Any], bool]
    write: str


def _choice(*words: str) -> Plain:
    return Plain(words[0], lambda value: value in words, " or ".join(words))


def _some_of(default: list[str], *words: str) -> Plain:
    return Plain(
        default,
        lambda value: isinstance(value, list) and all(each in words for each in value),
        f"a list of {' and '.join(words)}, or []",
    )


def _is_span(value: Any) -> bool:
    """Whether a value is null, or names a first day and a last one not before it."""
    if value is None:
        return True
    if not isinstance(value, dict) or value.keys() != {"from", "to"}:
        return False
    days = [str(value[end]) for end in ("from", "to")]
    return all(DAY.fullmatch(day) and parse_time(day) for day in days) and days[0] <= days[1]


PLAIN = {
    "session_scope": _choice("conversation", "session"),
    "after_escalation": _choice("handoff", "session"),
    "stale_raw": _choice("warn", "refuse"),
    "courtesy_minutes": Plain(
        0,
        lambda value: type(value) is int and 0 <= value <= MOST_COURTESY_MINUTES,
        f"whole minutes from 0 to {MOST_COURTESY_MINUTES}",
    ),
    "max_row_drop_share": Plain(
        0.1,
        lambda value: is_number(value) and 0 <= value <= 1,
        "a share from 0 to 1, e.g. 0.1 (1: never refuse)",
    ),
    "full_check_days": Plain(
        7,
        lambda value: is_number(value) and 0 <= value <= MOST_DAYS,
        f"days from 0 (every run tests all rows) to {MOST_DAYS}",
    ),
    "publications_kept": Plain(
        3,
        lambda value: type(value) is int and value >= FEWEST_PUBLICATIONS,
        f"a whole number, at least {FEWEST_PUBLICATIONS}",
    ),
    "shown_attribute_values": Plain(
        20,
        lambda value: type(value) is int and 1 <= value <= MOST_SHOWN,
        f"a whole number from 1 to {MOST_SHOWN:,}",
    ),
    "experiment_effect": Plain(
        5,
        lambda value: is_number(value) and 0.1 <= value <= 100,
        "points of containment from 0.1 to 100",
    ),
    "report_days": Plain(
        28,
        lambda value: type(value) is int and 1 <= value <= MOST_REPORT_DAYS,
        f"whole days from 1 to {MOST_REPORT_DAYS}",
    ),
    "publish_parquet": Plain(True, lambda value: type(value) is bool, "true or false"),
    "signal_minimum_sessions": Plain(
        30,
        lambda value: type(value) is int and 1 <= value <= MOST_MINIMUM_SESSIONS,
        f"a whole number from 1 to {MOST_MINIMUM_SESSIONS:,}",
    ),
    "signal_base": Plain(
        None,
        _is_span,
        "null, or the first and the last day, e.g. {from: 2026-01-05, to: 2026-03-01}",
    ),
    "signal_rules": _some_of(["beyond_three_sigma"], "beyond_three_sigma", "run_of_eight"),
    "notify": _some_of(["signals", "failures"], "signals", "failures"),
    "report_url": Plain(
        None,
        lambda value: value is None or (isinstance(value, str) and bool(WEB.fullmatch(value))),
        "the http(s) address of your report.html without a password, a ? or a #, or null",
    ),
}


def parse_time(value: str) -> str | None:
    """Return an ISO 8601 time in UTC without an offset; None if it is no such time.

    '2026-10-05T04:00+02:00' gives '2026-10-05 02:00:00'.
    """
    match = TIME.fullmatch(value.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0))
        moment += timedelta(
            seconds=int(second or 0), microseconds=int((fraction or "").ljust(6, "0"))
        )
        if second is not None and int(second) > 59:
            return None
        if zone not in (None, "Z", "UTC"):
            digits = zone[1:].replace(":", "").ljust(4, "0")
            offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
            if offset >= timedelta(days=1) or int(digits[2:]) > 59:
                return None
            moment -= offset if zone[0] == "+" else -offset
    except (ValueError, OverflowError):
        return None
    return moment.isoformat(sep=" ")


def check_content(name: str, given: Given) -> None:
    """Raise Stop if a setting holds what none can; the value is not said: it may be a secret."""
    left = MOST_VALUES

    def problem(value: Any, depth: int) -> str | None:
        nonlocal left
        left -= 1
        if left < 0:
            return f"more than {MOST_VALUES:,} values"
        match value:
            case None | bool() | date() | float():
                return None
            case str():
                return _problem_of_text(value)
            case int():
                many = value.bit_length() > MOST_BITS
                return "a number of too many digits" if many else None
            case list() | tuple() | dict() if depth == DEEPEST:
                return "what is nested too deep"
            case list() | tuple():
                found = (problem(each, depth + 1) for each in value)
                return next(filter(None, found), None)
            case dict():
                found = (problem(each, depth + 1) for pair in value.items() for each in pair)
                return next(filter(None, found), None)
        return f"a {type(value).__name__}"

    said = problem(given.value, 0)
    if said:
        raise Stop(
            f"{given.origin}: {name} holds {said}; write text, numbers, or lists or names of these"
        )


def _problem_of_text(text: str) -> str | None:
    if "\0" in text:
        return "a null byte"
    if any("\ud800" <= each <= "\udfff" for each in text):
        return "bytes that are not UTF-8"
    if len(text) > LONGEST_TEXT:
        return f"a text of {len(text):,} characters"
    return None


def plain(name: str, given: Given) -> Any:
    """Return the value of a setting of PLAIN; raise Stop if it is not right."""
    expect(PLAIN[name].is_right(given.value), name, given, f"write {PLAIN[name].write}")
    return given.value


def expect(is_right: bool, name: str, given: Given, write: str) -> None:
    """Raise Stop, which says what to write, if a value is not right."""
    if not is_right:
        raise Stop(f"{given.origin}: {name} is {quoted(given.value)}; {write}")
