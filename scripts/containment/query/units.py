"""What a column's name says of its numbers: rates from 0 to 1, points of a rate.

The marts keep to these endings, so that the terminal, spreadsheets, pages, assistants and the
report all write a number in the same way.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from math import floor

LOW, HIGH = "_low", "_high"
# A rate or a share is a part of a whole, from 0 to 1; so are the ends of its interval.
RATES = tuple(
    f"{what}{end}"
    for what in (
        *("_rate", "_rate_24h", "_rate_7d", "_rate_before", "_rate_without", "_rate_of_demand"),
        *("share", "share_of_sessions", "share_of_conversations", "share_of_first_step"),
        *("share_of_previous_step", "_7d_estimate", "control"),
    )
    for end in ("", LOW, HIGH)
)
# A difference of two rates times 100, and what it is made of.
POINTS = (
    *(f"_{what}{end}" for what in ("change", "difference", "effect") for end in ("", LOW, HIGH)),
    "impact",
)


class Unit(Enum):
    """How a number is written."""

    PERCENT = "percent"
    POINTS = "points"
    PLAIN = "plain"


def of(column: str) -> Unit:
    """Take a column's name, give the unit of its numbers."""
    if column.endswith(RATES) or column in ("rate", f"rate{LOW}", f"rate{HIGH}"):
        return Unit.PERCENT
    return Unit.POINTS if column.endswith(POINTS) else Unit.PLAIN


def percent(rate: float | Decimal) -> str:
    """A rate from 0 to 1 in percent, cut to one decimal: 2 of 3 is 66.6, never overstated."""
    # A hair is added before the cut, as 0.7 * 1000 falls just short of 700 in binary.
    return f"{floor(float(rate) * 1000 + 1e-9) / 10:.1f}"


def points(value: float | Decimal) -> str:
    """Points of a rate, rounded to one decimal, halves away from 0, with their sign."""
    tenths = floor(abs(float(value)) * 10 + 0.5)
    return f"{'-' if value < 0 and tenths else '+'}{tenths / 10:.1f}"


def is_rate(value: object) -> bool:
    """Whether a number can be a rate at all: one above 1 is not written as percent."""
    return isinstance(value, (int, float, Decimal)) and 0 <= value <= 1


def written(column: str, value: object) -> str | None:
    """Take a number and its column's name, give it with its unit; None where it has none."""
    if not isinstance(value, (float, Decimal)):
        return None
    match of(column):
        case Unit.PERCENT if is_rate(value):
            return f"{percent(value)} %"
        case Unit.POINTS:
            return f"{points(value)} points"
    return None
