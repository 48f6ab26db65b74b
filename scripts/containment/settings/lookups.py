"""The lookups that analysts edit, with what config/ changes of them: checked before anything runs.

What a row must be says the yml of its seed (lookup_tables); here stands what only one lookup knows.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from containment.common.errors import Stop, one_line
from containment.common.places import Home
from containment.common.shown import quoted
from containment.settings import lookup_tables
from containment.settings.lookup_tables import FOLDER, Content, Row
from containment.settings.own_config import File
from containment.settings.values import parse_time

ANY = "*"
MOST_MINUTES = 525_600  # a year
CHANNELS, EVENT_TYPES, HOURS = "channel_policies.csv", "event_types.csv", "business_hours.csv"
LIMITS, PRICES = "quality_limits.csv", "prices.csv"
RELEASES, TARGETS = "bot_releases.csv", "targets.csv"
TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
NO_DATE = (None, "", "null")  # as dbt reads them
CURRENCY = re.compile(r"[A-Z]{3}")
UNQUOTED = "'*?["  # dbt hands the path of a seed to DuckDB as it is
# What dbt reads of the project beside its seeds.
PARTS = (".dbtignore", "dbt_project.yml", "profiles.yml", "models", "macros", "tests", "analyses")


@dataclass(frozen=True)
class Lookups:
    """The words that the lookups know, and their contents by file below seeds/.

    `changed`: those that differ from the project's own. `warnings`: what the user should know.
    """

    channels: frozenset[str]
    event_types: frozenset[tuple[str, str]]  # (source or *, event type)
    findings: frozenset[str] = frozenset()  # those that have a limit
    contents: Mapping[str, Content] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()

    def knows_event_type(self, source: str, event_type: str) -> bool:
        """Whether an event type of a source has a row, its own or one for every source."""
        return not self.event_types.isdisjoint({(source, event_type), (ANY, event_type)})

    def with_rows(self, file: str, rows: Sequence[Row]) -> Lookups:
        """The same with other rows in one lookup."""
        contents = {**self.contents, file: Content(self.contents[file].header, tuple(rows))}
        return _lookups(contents, self.changed | {file}, self.warnings)


def load(root: Path, own: Mapping[str, File] | None = None) -> Lookups:
    """Return the project's lookups as config/ changes them; raise Stop at the first wrong row."""
    own = own or {}
    contents: dict[str, Content] = {}
    warnings: list[str] = []
    for file, lookup in lookup_tables.declared(root).items():
        content = lookup_tables.read(lookup, root / FOLDER / file, f"{FOLDER}/{file}")
        if file in own:
            path, where = own[file].path, own[file].name
            given = lookup_tables.read_own(lookup, path, where, content.header)
            if not given.rows:
                warnings.append(f"{where}: no row in it; it changes nothing")
            content = lookup_tables.merged(lookup, content, given)
        contents[file] = content
    for file, check in CHECKS.items():
        if file not in contents:
            raise Stop(f"{FOLDER}/{file}: not declared as a lookup in its yml; restore it")
        check(contents[file].rows)
    return _lookups(contents, frozenset(own), tuple(warnings))


def place_project(root: Path, found: Lookups, home: Home) -> Path:
    """Return the project folder for dbt: the project itself or, if a lookup differs, one in the
    home with links to the project's parts and a copy of its seeds.
    """
    folder = home.dbt_project
    if found.changed and any(char in str(folder) for char in UNQUOTED):
        raise Stop(
            f"{folder}: dbt cannot read lookups below a folder with one of {UNQUOTED} in its name; "
            "choose another --home"
        )
    try:
        if folder.exists() != bool(found.changed):
            # What dbt has parsed says in which of the two a seed lies; it asks for no other change.
            home.parsed.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        if not found.changed:
            return root
        folder.mkdir(parents=True)
        for part in PARTS:
            if (root / part).exists():
                (folder / part).symlink_to(root / part)
        shutil.copytree(root / FOLDER, folder / FOLDER)
        for file in found.changed:
            lookup_tables.write(found.contents[file], folder / FOLDER / file)
    except OSError as error:
        raise Stop(f"{folder}: cannot be written ({one_line(error)}); make it writable") from None
    return folder


def _lookups(
    contents: Mapping[str, Content], changed: frozenset[str], warnings: tuple[str, ...]
) -> Lookups:
    return Lookups(
        channels=frozenset(row.values["channel"] for row in contents[CHANNELS].rows),
        event_types=frozenset(
            (row.values["source"], row.values["event_type"]) for row in contents[EVENT_TYPES].rows
        ),
        findings=frozenset(row.values["finding"] for row in contents[LIMITS].rows),
        contents=contents,
        changed=changed,
        warnings=warnings,
    )


def _check_channels(rows: Sequence[Row]) -> None:
    if ANY not in {row.values["channel"] for row in rows}:
        raise Stop(
            f"{FOLDER}/{CHANNELS}: no row for *; add one, it is the timeout of every other channel"
        )


def _check_hours(rows: Sequence[Row]) -> None:
    openings_of: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in rows:
        brand, weekday = row.values["brand"], row.values["iso_weekday"]
        opens_at, closes_at = row.values["opens_at"], row.values["closes_at"]
        for column, time in (("opens_at", opens_at), ("closes_at", closes_at)):
            if not TIME_OF_DAY.fullmatch(time):
                raise Stop(f"{row.where}: {column} is {quoted(time)}; write HH:MM, e.g. 09:00")
        if opens_at >= closes_at:
            raise Stop(
                f"{row.where}: opens at {opens_at} and closes at {closes_at}; "
                "write work through midnight as two rows, until 24:00 and from 00:00"
            )
        openings = openings_of.setdefault((brand, weekday), [])
        if any(opens_at < closes and opens < closes_at for opens, closes in openings):
            raise Stop(
                f"{row.where}: two openings of {quoted(brand)} on weekday {weekday} overlap; "
                "keep one"
            )
        openings.append((opens_at, closes_at))
    if not any(brand == ANY for brand, _ in openings_of):
        raise Stop(f"{FOLDER}/{HOURS}: no row for *; add one, it holds for every other brand")


def _check_prices(rows: Sequence[Row]) -> None:
    periods_of: dict[tuple[str, str], list[tuple[date, date]]] = {}
    for row in rows:
        price = row.values
        if not CURRENCY.fullmatch(price["currency"]):
            raise Stop(f"{row.where}: currency is not three capitals; write e.g. EUR")
        first = _date(row, "from_date")
        last = _date(row, "to_date") if price.get("to_date") not in NO_DATE else date.max
        if first > last:
            raise Stop(f"{row.where}: from {first} to {last}; the first day comes first")
        periods = periods_of.setdefault((price["source"], price["channel"]), [])
        if any(first <= end and start <= last for start, end in periods):
            raise Stop(
                f"{row.where}: its days overlap those of another price of the same source and "
                "channel; end the one where the other begins"
            )
        periods.append((first, last))


def _check_releases(rows: Sequence[Row]) -> None:
    for row in rows:
        written = row.values["released_at"]
        if parse_time(written) is None:
            raise Stop(
                f"{row.where}: released_at is {quoted(written)}; write an ISO 8601 time, e.g. "
                "2026-10-05T02:00:00Z"
            )


def _check_targets(rows: Sequence[Row]) -> None:
    for row in rows:
        _date(row, "from_date")


def targets(rows: Iterable[Row]) -> Iterator[tuple[str, date, float]]:
    """Give the rate, first day and target (0 to 1) of each checked row."""
    for row in rows:
        yield row.values["rate_name"], _date(row, "from_date"), float(row.values["target"])


def _date(row: Row, column: str) -> date:
    written = row.values[column]
    try:
        if DATE.fullmatch(written):
            return date.fromisoformat(written)
    except ValueError:  # no such day
        pass
    raise Stop(f"{row.where}: {column} is {quoted(written)}; write YYYY-MM-DD, e.g. 2026-01-31")


# Of the merged rows: each says itself in which file it stands.
CHECKS: Mapping[str, Callable[[Sequence[Row]], None]] = {
    HOURS: _check_hours,
    CHANNELS: _check_channels,
    EVENT_TYPES: lambda rows: None,  # its yml says it all
    LIMITS: lambda rows: None,
    PRICES: _check_prices,
    RELEASES: _check_releases,
    TARGETS: _check_targets,
}
