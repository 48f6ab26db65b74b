"""What the settings say of raw values that the raw tables themselves cannot say.

Nothing is guessed: without a setting a time without an offset is UTC, a number is no time, and a
column has the name that its source declares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from containment.errors import Stop
from containment.shown import quoted

NULL_WORDS = ("\\N", "NULL", "null", "None", "NaN", "nan", "<NA>")
# The units of raw_epoch, and how many microseconds each has.
EPOCHS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}


@dataclass(frozen=True)
class Reading:
    """How the raw tables of one source are read.

    timezone: an IANA name, for times without an offset. time_formats: strptime formats, the first
    that fits counts. epoch: the unit of numbers in time columns. null_words: words that stand for
    null. columns: for each table our names of columns and theirs.
    """

    timezone: str | None = None
    time_formats: tuple[str, ...] = ()
    epoch: str | None = None
    null_words: tuple[str, ...] = NULL_WORDS
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


SETTINGS = ("raw_timezone", "raw_time_format", "raw_epoch", "null_words", "raw_columns")


def parse(source: str, settings: Mapping[str, tuple[Any, str]], timezones: list[str]) -> Reading:
    """Take the settings named in SETTINGS, each with its origin, give what they say of a source.

    A plain value is for every source, {source: value} for each one. Stop when one cannot be used.
    """
    said = {name: (_of(source, value), origin) for name, (value, origin) in settings.items()}
    return Reading(
        timezone=_timezone(*said["raw_timezone"], timezones),
        time_formats=_formats(*said["raw_time_format"]),
        epoch=_epoch(*said["raw_epoch"]),
        null_words=_null_words(*said["null_words"]),
        columns=_columns(*said["raw_columns"]),
    )


def _of(source: str, value: Any) -> Any:
    return value.get(source) if isinstance(value, Mapping) else value


def _timezone(value: Any, origin: str, known: list[str]) -> str | None:
    if value is None or (isinstance(value, str) and value in known):
        return value
    raise Stop(
        f"{origin}: raw_timezone is {quoted(value)}; write an IANA name with its region, "
        "e.g. Europe/Berlin"
    )


def _formats(value: Any, origin: str) -> tuple[str, ...]:
    formats = [] if value is None else value if isinstance(value, list | tuple) else [value]
    with duckdb.connect() as connection:
        for form in formats:
            try:
                if not _is_text(form) or "%" not in form:
                    raise ValueError
                connection.execute("select try_strptime('', $1)", [form])
            except (ValueError, duckdb.Error):
                raise Stop(
                    f"{origin}: raw_time_format is {quoted(form)}; write it as strptime has it, "
                    "e.g. '%m/%d/%Y %H:%M'"
                ) from None
    return tuple(formats)


def _epoch(value: Any, origin: str) -> str | None:
    if value is None or (isinstance(value, str) and value in EPOCHS):
        return value
    raise Stop(f"{origin}: raw_epoch is {quoted(value)}; write {', '.join(EPOCHS)}")


def _null_words(value: Any, origin: str) -> tuple[str, ...]:
    if value is None:
        return NULL_WORDS
    if isinstance(value, list | tuple) and all(map(_is_text, value)):
        return tuple(value)
    raise Stop(
        f"{origin}: null_words is {quoted(value)}; write a list of words, e.g. ['NULL', 'n/a']"
    )


def _columns(value: Any, origin: str) -> Mapping[str, Mapping[str, str]]:
    columns = value or {}
    if isinstance(columns, Mapping) and all(
        isinstance(names, Mapping) and all(map(_is_text, names.values()))
        for names in columns.values()
    ):
        return columns
    raise Stop(
        f"{origin}: raw_columns is {quoted(value)}; write "
        "{source: {table: {our name: their name}}}, e.g. {files: {messages: {sent_at: ts}}}"
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value
