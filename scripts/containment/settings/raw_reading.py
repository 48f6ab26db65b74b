"""What the settings say of raw values that the raw tables themselves cannot say.

Nothing is guessed: without a setting a time without an offset is UTC, a number is no time, and a
column has the name that its source declares.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from containment.settings.values import Given, expect

NULL_WORDS = ("\\N", "NULL", "null", "None", "NaN", "nan", "<NA>")
# The units of raw_epoch, and how many microseconds each has.
EPOCHS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}


@dataclass(frozen=True)
class Reading:
    """How the raw tables of one source are read.

    timezone: an IANA name, for times without an offset. time_formats: strptime formats, the first
    that fits counts. epoch: the unit of numbers in time columns. null_words: words that stand for
    null. columns: for each table our names of columns and theirs. attributes: further columns.
    """

    timezone: str | None = None
    time_formats: tuple[str, ...] = ()
    epoch: str | None = None
    null_words: tuple[str, ...] = NULL_WORDS
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()


TIMEZONE = "an IANA name with its region, e.g. Europe/Berlin"
SETTINGS = ("raw_timezone", "raw_time_format", "raw_epoch", "null_words", "raw_columns")


def parse(source: str, settings: Mapping[str, tuple[Any, str]], timezones: list[str]) -> Reading:
    """Return how a source's raw values are read; raise Stop if a setting cannot be used.

    A plain value is for every source, {source: value} for each one.
    """
    said = {name: Given(_of(source, value), origin) for name, (value, origin) in settings.items()}
    return Reading(
        timezone=_word("raw_timezone", said, timezones, TIMEZONE),
        time_formats=_formats(said["raw_time_format"]),
        epoch=_word("raw_epoch", said, EPOCHS, ", ".join(EPOCHS)),
        null_words=_null_words(said["null_words"]),
        columns=_columns(said["raw_columns"]),
    )


def _of(source: str, value: Any) -> Any:
    return value.get(source) if isinstance(value, Mapping) else value


def _word(name: str, said: Mapping[str, Given], known: Collection[str], write: str) -> str | None:
    value: str | None = said[name].value
    is_right = value is None or (isinstance(value, str) and value in known)
    expect(is_right, name, said[name], f"write {write}")
    return value


def _formats(given: Given) -> tuple[str, ...]:
    value = given.value
    formats = [] if value is None else value if isinstance(value, list | tuple) else [value]
    write = "write it as strptime has it, e.g. '%m/%d/%Y %H:%M'"
    with duckdb.connect() as connection:
        for form in formats:
            is_right = _is_text(form) and "%" in form
            if is_right:
                try:
                    connection.execute("select try_strptime('', $1)", [form])
                except (ValueError, duckdb.Error):  # ValueError: bytes that are not UTF-8
                    is_right = False
            expect(is_right, "raw_time_format", Given(form, given.origin), write)
    return tuple(formats)


def _null_words(given: Given) -> tuple[str, ...]:
    if given.value is None:
        return NULL_WORDS
    is_right = isinstance(given.value, list | tuple) and all(map(_is_text, given.value))
    expect(is_right, "null_words", given, "write a list of words, e.g. ['NULL', 'n/a']")
    return tuple(given.value)


def _columns(given: Given) -> Mapping[str, Mapping[str, str]]:
    columns: Mapping[str, Mapping[str, str]] = given.value or {}
    is_right = isinstance(columns, Mapping) and all(
        isinstance(names, Mapping) and all(map(_is_text, names.values()))
        for names in columns.values()
    )
    example = "{source: {table: {our name: their name}}}, e.g. {files: {messages: {sent_at: ts}}}"
    expect(is_right, "raw_columns", given, f"write {example}")
    return columns


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value
