"""The raw tables of a source, wherever the settings say that they are."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from containment import hashed_ids, raw_files, raw_schemas
from containment.console import warn
from containment.lookups import Lookups
from containment.places import Home
from containment.raw_places import Folder
from containment.raw_views import RawData
from containment.settings import Settings


def inspect(
    home: Home, source: str, given: Settings, words: Lookups, salt_of: Home | None = None
) -> RawData:
    """Find the tables of a source and check them, before anything is written; warn of oddities.

    Where its ids are hashed, the salt is that of `salt_of`, by default the home itself. Stop when
    a table that is required is missing or cannot be read.
    """
    place, reading = given.places[source], given.reading[source]
    copies, passing = home.raw_copies / source, None
    if source in given.hashed_ids:
        # What damaged files are copied to holds the ids as they are: not in the home, and not kept.
        passing = TemporaryDirectory(prefix="containment-raw-")
        copies = Path(passing.name)
    if isinstance(place, Folder):
        raw = raw_files.inspect(place.path, words, source, reading=reading, copies=copies)
    else:
        raw = raw_schemas.inspect(place, source, home.warehouse, reading=reading)
    for line in raw.warnings:
        warn(line)
    if source in given.hashed_ids:
        salt = hashed_ids.salt(salt_of or home, os.environ, says_so=salt_of is None)
        raw = hashed_ids.hashed(raw, source, salt, words)
        raw = replace(raw, passing_copies=passing)
    return raw
