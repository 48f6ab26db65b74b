"""The lookup seeds that analysts edit: read and checked before anything runs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from containment.errors import Stop, one_line

ANY = "*"
MOST_MINUTES = 525_600  # a year
BOUNDARIES = ("resolved", "escalated", "none")
ACTIONS = ("note", "warn", "refuse")
SHARE = re.compile(r"0(\.\d+)?|1(\.0+)?")
TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


@dataclass(frozen=True)
class Lookups:
    """The words that the seeds know."""

    channels: frozenset[str]
    event_types: frozenset[tuple[str, str]]  # (source or *, event type)
    findings: frozenset[str] = frozenset()  # those that have a limit

    def knows_event_type(self, source: str, event_type: str) -> bool:
        """Whether an event type of a source has a row, its own or one for every source."""
        return not self.event_types.isdisjoint({(source, event_type), (ANY, event_type)})


def load(root: Path) -> Lookups:
    """Take the project folder, give its lookups; Stop at the first row that is wrong."""
    _check_business_hours(root / "seeds" / "business_hours.csv")
    return Lookups(
        channels=frozenset(_channels(root / "seeds" / "channel_policies.csv")),
        event_types=frozenset(_event_types(root / "seeds" / "event_types.csv")),
        findings=frozenset(_quality_limits(root / "seeds" / "quality_limits.csv")),
    )


def _channels(path: Path) -> set[str]:
    where = f"seeds/{path.name}"
    found: set[str] = set()
    for line, row in _rows(path, ("channel", "timeout_minutes")):
        channel, minutes = row["channel"], row["timeout_minutes"]
        _check_word(where, line, "channel", channel)
        if not (minutes.isascii() and minutes.isdigit() and 0 < int(minutes) <= MOST_MINUTES):
            raise Stop(
                f"{where} line {line}: timeout_minutes of {channel!r} is {minutes!r}; "
                f"write whole minutes from 1 to {MOST_MINUTES}"
            )
        if channel in found:
            raise Stop(f"{where} line {line}: channel {channel!r} stands twice; keep one row")
        found.add(channel)
    if ANY not in found:
        raise Stop(f"{where}: no row for *; add one, it is the timeout of every other channel")
    return found


def _event_types(path: Path) -> set[tuple[str, str]]:
    where = f"seeds/{path.name}"
    found: set[tuple[str, str]] = set()
    for line, row in _rows(path, ("source", "event_type", "boundary")):
        source, event_type, boundary = row["source"], row["event_type"], row["boundary"]
        _check_word(where, line, "source", source)
        _check_word(where, line, "event_type", event_type)
        if boundary not in BOUNDARIES:
            raise Stop(
                f"{where} line {line}: boundary of {event_type!r} is {boundary!r}; "
                "write resolved, escalated or none"
            )
        if (source, event_type) in found:
            raise Stop(
                f"{where} line {line}: {event_type!r} of source {source!r} stands twice; "
                "keep one row"
            )
        found.add((source, event_type))
    return found


def _quality_limits(path: Path) -> set[str]:
    where = f"seeds/{path.name}"
    found: set[tuple[str, str]] = set()
    for line, row in _rows(path, ("source", "finding", "limit", "action")):
        source, finding, limit, action = (
            row[column] for column in ("source", "finding", "limit", "action")
        )
        _check_word(where, line, "source", source)
        _check_word(where, line, "finding", finding)
        if not SHARE.fullmatch(limit):
            raise Stop(
                f"{where} line {line}: limit of {finding!r} is {limit!r}; "
                "write a share from 0 to 1, e.g. 0.05 (0: as soon as it occurs)"
            )
        if action not in ACTIONS:
            raise Stop(
                f"{where} line {line}: action of {finding!r} is {action!r}; "
                "write note, warn or refuse"
            )
        if (source, finding) in found:
            raise Stop(
                f"{where} line {line}: {finding!r} of source {source!r} stands twice; keep one row"
            )
        found.add((source, finding))
    return {finding for _, finding in found}


def _check_business_hours(path: Path) -> None:
    where = f"seeds/{path.name}"
    openings_of: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for line, row in _rows(path, ("brand", "iso_weekday", "opens_at", "closes_at")):
        brand, weekday = row["brand"], row["iso_weekday"]
        opens_at, closes_at = row["opens_at"], row["closes_at"]
        if not brand.strip():
            raise Stop(f"{where} line {line}: brand is blank; fill it in, or write *")
        if weekday not in tuple("1234567"):
            raise Stop(
                f"{where} line {line}: iso_weekday is {weekday!r}; write 1 (Monday) to 7 (Sunday)"
            )
        for column, time in (("opens_at", opens_at), ("closes_at", closes_at)):
            if not TIME_OF_DAY.fullmatch(time):
                raise Stop(f"{where} line {line}: {column} is {time!r}; write HH:MM, e.g. 09:00")
        if opens_at >= closes_at:
            raise Stop(
                f"{where} line {line}: opens at {opens_at} and closes at {closes_at}; "
                "write work through midnight as two rows, until 24:00 and from 00:00"
            )
        openings = openings_of.setdefault((brand, weekday), [])
        if any(opens_at < closes and opens < closes_at for opens, closes in openings):
            raise Stop(
                f"{where} line {line}: two openings of {brand!r} on weekday {weekday} overlap; "
                "keep one"
            )
        openings.append((opens_at, closes_at))
    if not any(brand == ANY for brand, _ in openings_of):
        raise Stop(f"{where}: no row for *; add one, it holds for every other brand")


def _check_word(where: str, line: int, column: str, word: str) -> None:
    # The models compare with words in lower case: any other row would never be used.
    plain = word.strip().lower()
    if not plain:
        raise Stop(f"{where} line {line}: {column} is blank; fill it in")
    if word != plain:
        raise Stop(f"{where} line {line}: {column} is {word!r}; write {plain!r}")


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row) of a seed."""
    where = f"seeds/{path.name}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            for column in columns:
                if column not in header:
                    found = ", ".join(header) or "none"
                    raise Stop(f"{where}: no column {column}; add it (found: {found})")
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise Stop(
                        f"{where} line {reader.line_num}: {len(cells)} values in "
                        f"{len(header)} columns; write as many as the header names"
                    )
                yield reader.line_num, dict(zip(header, cells, strict=True))
    except FileNotFoundError:
        raise Stop(f"{where}: not found; restore it") from None
    except UnicodeDecodeError:
        raise Stop(f"{where}: not UTF-8 text; save it as UTF-8") from None
    except (OSError, csv.Error) as error:
        raise Stop(f"{where}: cannot be read ({one_line(error)})") from None
