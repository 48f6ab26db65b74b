"""Raw times: how the settings of a source read them, and what those look like that nothing reads.

staging (macros/time_shape.sql) reads ISO 8601 with Z, UTC, an offset or an IANA name, and takes a
time without any of them as UTC. What a setting reads leaves here as such a text, ending in Z; what
it does not read leaves as it came, so that staging can reject it with its text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from containment.common import sql
from containment.settings.raw_reading import EPOCHS, Reading

NAIVE_TYPES = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE")
ZONED_TYPES = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
NUMBER_TYPES = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*")

DATE_AND_TIME = (
    "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]*)?)?)?"
)
OFFSET = "[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?|[+-]14(:?00)?"
NAMED = " ([A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+|GMT|CET|EET|MET|WET|EST|MST|HST)"
ZONED = f"[0-9-/]+[ T][0-9:.]+( ?(Z|UTC|{OFFSET})|{NAMED})"
NUMBER = r"[+-]?[0-9]+([.][0-9]*)?([eE][+-]?[0-9]+)?"
NUMBERS = "numbers of"
ISO_UTC = "%Y-%m-%dT%H:%M:%S.%fZ"

# Formats that exports use; those that read every value of a column are proposed.
COMMON_FORMATS = tuple(
    date + time
    for date in (
        "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y",
        "%m-%d-%Y", "%Y%m%d", "%Y.%m.%d", "%b %d, %Y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y",
        "%B %d, %Y", "%a, %d %b %Y", "%a %b %d %Y",
    )
    for time in (
        "", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %I:%M %p",
        ", %I:%M:%S %p", ", %H:%M", ", %H:%M:%S", "T%H%M%SZ", " at %I:%M %p", " %H:%M:%S %z",
    )
)  # fmt: skip


def is_zoned(source_type: str) -> bool:
    """Whether a column of this type says where its clocks stand."""
    return source_type in ZONED_TYPES


def is_time_type(source_type: str) -> bool:
    """Whether a column of this type holds times."""
    return source_type in NAIVE_TYPES or source_type in ZONED_TYPES


def is_number_type(source_type: str) -> bool:
    """Whether a column of this type holds numbers."""
    return NUMBER_TYPES.fullmatch(source_type) is not None


def is_text_here(source_type: str) -> bool:
    """Whether a time column of this type leaves as text: staging judges it."""
    return not is_time_type(source_type)


def expression(value: str, source_type: str, reading: Reading) -> str:
    """Take the SQL of a raw time and its type, give the SQL of a UTC timestamp, or of text."""
    if source_type in NAIVE_TYPES:
        return _local(f"cast({value} as timestamp)", reading)
    if source_type in ZONED_TYPES:
        return f"cast({value} at time zone 'UTC' as timestamp)"
    text = f"cast({value} as varchar)"
    read = list(_read(f"trim({text})", reading))
    if not read:
        return text
    return f"coalesce(strftime(coalesce({', '.join(read)}), '{ISO_UTC}'), {text})"


def _read(text: str, reading: Reading) -> list[str]:
    found = []
    if reading.epoch:
        exact, rough = f"try_cast({text} as decimal(38, 9))", f"try_cast({text} as double)"
        us = f"coalesce({exact} * {EPOCHS[reading.epoch]}, {rough} * {EPOCHS[reading.epoch]})"
        found.append(
            f"case when regexp_full_match({text}, '{NUMBER}') "
            f"then try(make_timestamp(cast(round({us}) as bigint))) end"
        )
    for form in reading.time_formats:
        parsed = f"try_strptime({text}, {sql.text(form)})"
        # A year has four digits, which %Y does not ask for.
        parsed = f"case when year({parsed}) >= 1000 then {parsed} end"
        has_zone = "%z" in form or "%Z" in form
        found.append(f"(({parsed}) at time zone 'UTC')" if has_zone else _local(parsed, reading))
    if reading.timezone:
        naive = _local(f"try_cast({text} as timestamp)", reading)
        found.append(f"case when regexp_full_match({text}, '{DATE_AND_TIME}') then {naive} end")
    return found


def _local(timestamp: str, reading: Reading) -> str:
    """UTC, of what clocks of the source's zone show.

    An hour that they show twice is taken as the second (standard time), one that they skip as if
    they had not been put forward.
    """
    if reading.timezone is None:
        return timestamp
    return f"(timezone({sql.text(reading.timezone)}, {timestamp}) at time zone 'UTC')"


def readable(value: str) -> str:
    """The SQL of whether staging reads a text as a time."""
    return f"regexp_full_match(trim({value}), '({DATE_AND_TIME})|({ZONED})')"


def zoned(value: str) -> str:
    """The SQL of whether a text is a time with an offset or a zone."""
    return f"regexp_full_match(trim({value}), '{ZONED}')"


def number(value: str) -> str:
    """The SQL of whether a text is a number."""
    return f"regexp_full_match(trim({value}), '{NUMBER}')"


def looks_like(values: Sequence[str], connection: duckdb.DuckDBPyConnection) -> str:
    """Take values of one column that nothing reads, say what they look like and what reads them.

    A value is said as it is only where it is known to be a time; of any other only the shape is.
    """
    first = values[0].strip()[:40]
    if all(re.fullmatch(NUMBER, value.strip()) for value in values):
        return f"{NUMBERS} {_said_number(first)}"
    if re.fullmatch(f"{DATE_AND_TIME} ?[A-Za-z]+", first):
        return f"{shape(first)!r}; its zone means several, write an offset or an IANA name"
    formats = proposed_formats(values, connection)
    if not formats:
        return f"{shape(first)!r}; write ISO 8601, or set raw_time_format (as strptime has it)"
    day_first = sorted(formats, key=lambda form: form.find("%d"))[:2]
    said = " (day first) or ".join(repr(form) for form in day_first)
    return f"{first!r}; set raw_time_format to {said}" + (" (month first)" if day_first[1:] else "")


def shape(value: str) -> str:
    """A text with every digit as 9 and every letter as a."""
    return re.sub("[^\\W\\d_]", "a", re.sub(r"\d", "9", value))


def proposed_formats(
    values: Sequence[str], connection: duckdb.DuckDBPyConnection
) -> tuple[str, ...]:
    """The common formats that read every one of some values, and in years of four digits."""
    unread = ", ".join(
        f"count(*) filter (coalesce(year(try_strptime(trim(written), {sql.text(form)})), 0) < 1000)"
        for form in COMMON_FORMATS
    )
    counts = connection.execute(
        f"select {unread} from (select unnest($1) as written)", [list(values)]
    ).fetchone()
    return tuple(
        form for form, count in zip(COMMON_FORMATS, counts or (), strict=True) if count == 0
    )


def epoch_of(value: str) -> str | None:
    """The unit that a number of a recent year would have, told by its digits before the point."""
    digits = len(value.lstrip("+-").partition(".")[0])
    return {10: "seconds", 13: "milliseconds", 16: "microseconds"}.get(digits)


def _said_number(value: str) -> str:
    """What a number of so many digits may be; never the number, which may be a person's."""
    digits = len(value.lstrip("+-").partition(".")[0])
    said = f"{digits} {'digit' if digits == 1 else 'digits'}"
    unit = epoch_of(value)
    if unit:
        return f"{said}; set raw_epoch to {unit}"
    if digits == 18:
        return f"{said} (.NET ticks); export ISO 8601"
    if digits == 5:
        return f"{said} (days of a spreadsheet); export ISO 8601"
    return f"{said}; set raw_epoch ({', '.join(EPOCHS)}), or export ISO 8601"
