"""The raw tables of a source, wherever the settings say that they are."""

from __future__ import annotations

from containment import raw_files, raw_schemas
from containment.console import warn
from containment.lookups import Lookups
from containment.places import Home
from containment.raw_places import Folder
from containment.raw_views import RawData
from containment.settings import Settings


def inspect(home: Home, source: str, given: Settings, words: Lookups) -> RawData:
    """Find the tables of a source and check them, before anything is written; warn of oddities.

    Stop when one that is required is missing or cannot be read.
    """
    place, reading = given.places[source], given.reading[source]
    if isinstance(place, Folder):
        raw = raw_files.inspect(
            place.path, words, source, reading=reading, copies=home.raw_copies / source
        )
    else:
        raw = raw_schemas.inspect(place, source, home.warehouse, reading=reading)
    for line in raw.warnings:
        warn(line)
    return raw
