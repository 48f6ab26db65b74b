"""Empty raw tables, with the headers that a source reads."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from containment import raw_tables, settings
from containment.errors import Stop, nearest
from containment.places import PROJECT
from containment.shown import quoted


def write(sources: Sequence[str], folder: Path, root: Path = PROJECT) -> Iterator[str]:
    """Take the source (files where none is named) and a folder; write empty raw tables there.

    Yields what was written. Stop when a file is there already, or the source has no tables.
    """
    if len(sources) > 1:
        raise Stop("--template: several sources are named; write those of one at a time")
    [source] = sources or (settings.FILES,)
    tables = raw_tables.declared(root, source)
    if not tables:
        known = [path.parent.name for path in root.glob("models/staging/*/_*__sources.yml")]
        raise Stop(
            f"--template: no source {quoted(source)} reads raw tables{nearest(source, known)}"
        )
    files = [(table, folder / f"{table.name}.csv") for table in tables]
    there = next((file for _, file in files if os.path.lexists(file)), None)
    if there:
        raise Stop(f"{there}: is there already; choose another folder for --template")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise Stop(f"{folder}: a file; name a folder for --template") from None
    for table, file in files:
        with file.open("x", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerow(table.reads)
        needed = ", ".join(dict.fromkeys(table.needs)) or "none"
        yield f"{file}: {needed} must be filled" + ("" if table.required else "; the table may go")
    yield f"fill them, then: scripts/check-raw --source {source} --raw-path {folder}"
