"""The raw tables of a source, wherever the settings say that they are."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from containment.common.console import warn
from containment.common.places import Home
from containment.raw import hashed_ids, in_folder, in_schema
from containment.raw.views import RawData
from containment.settings.lookups import Lookups
from containment.settings.raw_places import Folder
from containment.settings.settings import Settings
from containment.settings.source_yml import IDENTITIES


def inspect(
    home: Home, source: str, given: Settings, words: Lookups, salt_of: Home | None = None
) -> RawData:
    """Find and check the tables of a source before anything is written; warn of oddities.

    salt_of: the home whose salt hashes ids (default: this one). Raises Stop if a required table is
    missing or unreadable.
    """
    place, reading = given.places[source], given.reading[source]
    copies, passing = home.raw_copies / source, None
    hashes = bool(given.hashed_ids) if source == IDENTITIES else source in given.hashed_ids
    if hashes:
        # What damaged files are copied to holds the ids as they are: not in the home, and not kept.
        passing = TemporaryDirectory(prefix="containment-raw-")
        copies = Path(passing.name)
    if isinstance(place, Folder):
        raw = in_folder.inspect(place.path, words, source, reading=reading, copies=copies)
    else:
        raw = in_schema.inspect(place, source, home.warehouse, reading=reading)
    for line in raw.warnings:
        warn(line)
    if hashes:
        salt = hashed_ids.salt(salt_of or home, os.environ, says_so=salt_of is None)
        raw = (
            hashed_ids.hashed_identities(raw, {*given.sources} - {*given.hashed_ids}, salt)
            if source == IDENTITIES
            else hashed_ids.hashed(raw, source, salt, words)
        )
        raw = replace(raw, passing_copies=passing)
    return raw
