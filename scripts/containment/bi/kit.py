"""The whole kit: the files that are committed in bi/, and what is made of them for import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from containment.bi import marts, metabase, power_bi, superset
from containment.common.errors import Stop, one_line
from containment.query import metrics, spreadsheet

EXAMPLE = "/home/published/containment.duckdb"  # where no database is named


def files(database: str = EXAMPLE, attributes: Sequence[str] = ()) -> dict[str, str]:
    """Return the text of each file, by its path in the kit.

    database: the path of the publication as the BI server sees it. attributes: the columns that the
    publication's sessions_wide has beside those of sessions.
    """
    known, described = metrics.load(), marts.load()
    wide = metrics.with_attributes(known, attributes)
    made = {
        "superset": superset.files(wide, described, database),
        "metabase": metabase.files(known),
        "power-bi": power_bi.files(known, described),
    }
    return {f"{folder}/{path}": text for folder, found in made.items() for path, text in found}


def write(folder: Path, made: dict[str, str]) -> None:
    """Write the files into a folder, with superset.zip and dictionary.xlsx; Stop if it cannot be.

    Other files of the folder stay.
    """
    try:
        for path, text in made.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        bundle = {
            path.removeprefix("superset/"): text
            for path, text in made.items()
            if path.startswith("superset/")
        }
        superset.zipped(folder / "superset.zip", bundle)
    except OSError as error:
        raise Stop(f"{folder}: cannot be written ({one_line(error)}); name another --to") from None
    rows = power_bi.dictionary(marts.load())
    spreadsheet.write(folder / "power-bi" / "dictionary.xlsx", power_bi.DICTIONARY, rows)
