"""scripts/bi-kit: write what BI tools import."""

from __future__ import annotations

import re
from pathlib import Path

import click

from containment.bi import kit
from containment.commands import command_line
from containment.common.console import say
from containment.common.errors import Stop
from containment.common.places import DATABASE, PROJECT, absolute
from containment.common.shown import quoted
from containment.query import metrics, publication


@click.command(
    context_settings=command_line.CONTEXT,
    epilog="Exit codes: 0 written; 2 wrong use, or the folder cannot be written.",
)
@click.option(
    "--database",
    metavar="FILE",
    default=kit.EXAMPLE,
    show_default=True,
    help="The publication as the BI server sees it: .../published/containment.duckdb. If it can be "
    "read here, its attributes are dimensions, too.",
)
@click.option(
    "--to", "folder", metavar="DIR", help="Where to write the kit (default: bi/ of the project)."
)
def command(database: str, folder: str | None) -> None:
    """Write the BI kit: a Superset dashboard (a folder, and superset.zip to import), questions for
    Metabase, measures, relationships and a dictionary for Power BI and Excel.

    All is made of the semantic layer and of the marts' descriptions.
    """
    if not database.startswith("/") or re.search(r"[?#%\x00-\x1f]", database):
        raise Stop(f"--database {quoted(database)}: not an absolute path without ?, # and %")
    found = Path(database)
    attributes: list[str] = []
    if found.name == DATABASE and found.is_file():
        with publication.opened(found) as connection:
            attributes = list(publication.attributes(connection, metrics.NARROW, metrics.WIDE))
    target = absolute(folder, "--to") if folder else PROJECT / "bi"
    made = kit.files(database, attributes)
    kit.write(target, made)
    say(f"{target}: {len(made)} files, superset.zip and power-bi/dictionary.xlsx")
    say(f"next: superset import-dashboards -p {target / 'superset.zip'} -u admin")


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    command_line.run(command, "bi-kit")
