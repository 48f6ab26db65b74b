"""How a value is shown to people: on the terminal, in a log, in the report.

A value of the raw data may be anything: the ends of lines, what moves a cursor or turns writing
round, megabytes. What is published keeps it as it is; for people it is escaped and cut.
"""

from __future__ import annotations

import reprlib

LONGEST = 80  # characters of a value
LONGEST_LINE = 2_000  # characters of a line: none can push the others out of a log
CUT = "…"


def shown(value: object) -> str:
    """A value of the raw data: without control characters, and not too long."""
    # Some more than are shown, so that whole lines are never looked at for their first letters.
    return cut(printable(str(value)[: LONGEST + 1]), LONGEST)


def quoted(value: object) -> str:
    """A value of a setting as Python writes it, whatever it is: '+99:00', [1, 2]; not too long."""
    return cut(_REPR.repr(value), LONGEST)


def line(text: str) -> str:
    """A line for a terminal or a log: what is in it stays on it, and it is not too long."""
    return cut(printable(text[: LONGEST_LINE + 1]), LONGEST_LINE)


def printable(text: str) -> str:
    """A text with all that is not seen, or is seen elsewhere, as an escape: \\n, \\x1b, \\u202e."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def cut(text: str, longest: int) -> str:
    """A text, with … for what is beyond so many characters."""
    return text if len(text) <= longest else text[: longest - 1] + CUT


class _Repr(reprlib.Repr):
    """Python's own, short: of what is long or deep it writes a part."""

    def __init__(self) -> None:
        super().__init__()
        self.maxother = LONGEST

    def repr_str(self, value: str, level: int) -> str:
        return repr(value[: LONGEST + 1])

    def repr_int(self, value: int, level: int) -> str:
        # A number of thousands of digits is written in decimals by nobody, Python included.
        return repr(value) if value.bit_length() < 4 * LONGEST else f"{hex(value)[:LONGEST]}{CUT}"


_REPR = _Repr()
