"""Empty raw tables, with the headers that a source reads."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from containment.common.errors import Stop, nearest
from containment.common.places import PROJECT
from containment.common.shown import quoted
from containment.settings import source_yml


def write(sources: Sequence[str], folder: Path, root: Path = PROJECT) -> Iterator[str]:
    """Write empty raw tables of a source (default: files); yield what was written."""
    if len(sources) > 1:
        raise Stop("--template: several sources are named; write those of one at a time")
    [source] = sources or (source_yml.CONTRACT,)
    tables = source_yml.declared(root, source)
    if not tables:
        known = [path.parent.name for path in root.glob(f"{source_yml.STAGING}/*/_*__sources.yml")]
        raise Stop(
            f"--template: no source {quoted(source)} reads raw tables{nearest(source, known)}"
        )
    files = [(table, folder / f"{table.name}.csv") for table in tables]
    there = next((file for _, file in files if os.path.lexists(file)), None)
    if there:
        raise Stop(f"{there}: exists already; choose another folder for --template")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise Stop(f"{folder}: a file; name a folder for --template") from None
    for table, file in files:
        with file.open("x", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerow(table.reads)
        needed = ", ".join(dict.fromkeys(table.needs)) or "none"
        optional = "" if table.required else "; the table is optional"
        yield f"{file}: {needed} must be filled{optional}"
    yield f"fill them, then run: scripts/check-raw --source {source} --raw-path {folder}"
