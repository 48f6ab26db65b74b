"""What DuckDB says of a failure, in our own words.

DuckDB quotes the value, the row or the line that it fails at: a customer's text, an e-mail address.
Such a text is never logged or published. What is taken over of it is where it happened (file, line,
column, type); what kind of fault it is has words of our own.
"""

from __future__ import annotations

import re
from collections.abc import Callable

KIND = re.compile(r"([A-Z][A-Za-z]+(?: [A-Za-z]+){0,2}) Error: ")
# Of these a text speaks of the code of a query, which no row has been read for.
OF_CODE = ("Parser", "Syntax", "Binder", "Catalog", "Dependency", "Missing Extension")
PATH = r"['\"]?(?P<file>[^'\"\n]+?)['\"]?"
NAME = r"[\w.\"]{1,80}"
TYPE = r"[A-Z][A-Z0-9_]*(?:\(\d+,\s?\d+\))?"
DAMAGED_DATABASE = "a damaged database file"
DAMAGED_LOG = "a damaged write-ahead log"
ENDS_EARLY = "the file ends too early"
NOT_SAID = "DuckDB cannot do it"

# What a text holds, in the order in which they are looked for, and our words for it. {name} stands
# for what a group of that name found.
WORDS: tuple[tuple[str, str], ...] = (
    # --- files
    (r"No space left on device|Disk quota exceeded|File too large", "{0}"),
    (r"Could not set lock on file .*?PID (?P<pid>\d+)", "process {pid} has it open"),
    (r"Could not set lock on file", "another process has it open"),
    (r"Too many open files", "{0}"),
    (r"Permission denied|Read-only file system|Operation not permitted", "{0}"),
    (r"[Nn]ot enough (?:disk )?space|out of disk space|max_temp_directory_size",
     "no room to spill (max_temp_directory_size)"),
    (r"Corrupt database file|not a valid DuckDB database|invalid checksum|magic bytes of",
     DAMAGED_DATABASE),
    (r"\bWAL\b|write-ahead log", DAMAGED_LOG),
    (r"version number (?P<version>\d+)", "written by another DuckDB (storage version {version})"),
    (r"[Cc]ould not read enough bytes from file " + PATH + r"(?::|$|\n)", ENDS_EARLY + " ({file})"),
    (r"[Cc]ould not read enough bytes|[Rr]ead past the end|unexpected end of file", ENDS_EARLY),
    (r"too small to be a Parquet file|No magic bytes found at end of file",
     "no whole parquet file"),
    (r"[Pp]arquet|[Tt]hrift|TProtocol|[Ss]nappy|ZSTD|GZIP|[Dd]ecompress",
     "a damaged parquet or packed file"),
    (r"Serialization Error|[Dd]eserialize", DAMAGED_DATABASE),
    (r"No files found that match", "no such file"),
    (r"No such file or directory|Is a directory|Not a directory|File name too long", "{0}"),
    (r"Failed to download extension|install the required extension",
     "an extension of DuckDB is not installed"),
    # --- text files
    (r"Expected Number of Columns: (?P<many>\d+) Found: (?P<found>\d+)",
     "{found} values in {many} columns"),
    (r"Invalid unicode|not utf-8 encoded|[Ii]nvalid UTF-?8|not valid UTF-?8", "not UTF-8 text"),
    (r"Value with unterminated quote", "a quote that does not end"),
    (r"Maximum line size|maximum_object_size", "a line that is too long"),
    (r"CSV Error|[Ee]rror when sniffing|CSV", "no csv that can be read"),
    (r"has duplicate key", "a key appears twice in a JSON object"),
    (r"JSON", "no valid JSON"),
    # --- values
    (r"NOT NULL constraint failed: (?P<column>" + NAME + ")", "no value in {column}"),
    (r"Duplicate key|PRIMARY KEY or UNIQUE|unique constraint|primary key constraint",
     "two rows of one key"),
    (r"CHECK constraint failed", "a value outside its constraint"),
    (r"[Cc]ould not convert|can't be cast|Could not cast|[Ff]ailed to cast|field format|"
     r"Unimplemented type for cast",
     "a value cannot be converted"),
    (r"Could not parse string", "a value is not of the format"),
    (r"Overflow|[Oo]ut of [Rr]ange|too large|too big", "a number is out of range"),
    (r"More than one row returned by a subquery", "a subquery gives more than one row"),
    (r"Unknown TimeZone", "an unknown time zone"),
    # --- the machine
    (r"(?:failed to allocate|could not allocate|Out of Memory)",
     "not enough memory (CONTAINMENT_MEMORY_LIMIT)"),
    (r"INTERRUPT|Interrupted", "interrupted"),
    (r"Failed to commit|TransactionContext|transaction is aborted|Transaction conflict",
     "the transaction was undone"),
    (r"INTERNAL|FATAL|database has been invalidated", "an internal error of DuckDB"),
)  # fmt: skip
# Where it happened, as far as it is told; what is found is said behind the words.
PLACES: tuple[tuple[str, str], ...] = (
    (r"\bto (?:type )?(?P<type>" + TYPE + r")(?: when casting|\n|$| )", "to {type}"),
    (r"source column (?P<column>" + NAME + ")", "column {column}"),
    (r"(?:\bin|\bon) [Ll]ine:? (?P<line>\d+)", "line {line}"),
    (r"at byte (?P<byte>\d+)", "byte {byte}"),
    (r"in file \"(?P<file>[^\"\n]+)\"|^\s*file = (?P<path>\S[^\n]*)$", "{file}{path}"),
)

IN_FULL = "CONTAINMENT_FULL_ERRORS"  # the variable that says to dbt's process: show them

_in_full: Callable[[str], None] | None = None


def show_in_full(show: Callable[[str], None] | None) -> None:
    """Also show DuckDB's own text, which may hold a customer's words; None: no more."""
    global _in_full
    _in_full = show


def of(text: str) -> str:
    """Return one line without any value of the data for a text of DuckDB's.

    Errors in a query's code, where no row plays a part, keep their text except what is quoted.
    A text that is not DuckDB's becomes NOT_SAID.
    """
    if _in_full is not None:
        _in_full(text)
    kind = KIND.match(text)
    if kind is not None and kind[1] in OF_CODE:
        return re.sub(r"'[^']*'?", "'...'", text[kind.end() :].split("\n", 1)[0].strip())
    for pattern, words in WORDS:
        found = re.search(pattern, text, re.MULTILINE)
        if found is not None:
            said = words.format(found[0], **_groups(found))
            return " ".join([said, *_behind(text, said)])
    return NOT_SAID if kind is None else f"{NOT_SAID} ({kind[1]} error)"


def is_damage(text: str) -> bool:
    """Whether DuckDB says of its own file that it is damaged, not that it cannot be had."""
    words = of(text)
    return any(sign in words for sign in (DAMAGED_DATABASE, DAMAGED_LOG, ENDS_EARLY))


def replaced(text: str) -> str:
    """A text with our words from where DuckDB's own begin, as far as there are any."""
    found = KIND.search(text)
    return text if found is None else text[: found.start()] + of(text[found.start() :])


def _behind(text: str, said: str) -> list[str]:
    """The places, in brackets; none that the words have already."""
    first = text.split("\n\nLINE ")[0]  # behind that stands the query
    places = []
    for pattern, words in PLACES:
        found = re.search(pattern, first, re.MULTILINE)
        place = words.format(**_groups(found)) if found else ""
        if place and place not in said and not (words == "to {type}" and "convert" not in said):
            places.append(place)
    return [f"({', '.join(places)})"] if places else []


def _groups(found: re.Match[str]) -> dict[str, str]:
    return {name: value or "" for name, value in found.groupdict().items()}
