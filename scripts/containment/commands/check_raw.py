"""scripts/check-raw: what a night would make of raw data, said before there is one.

The raw tables are read as the nightly reads them, in a temporary folder; the home is left alone.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click
import duckdb

from containment.commands import command_line, look, raw_template
from containment.common.clock import utc_now
from containment.common.console import say, warn
from containment.common.errors import Stop, one_line
from containment.common.places import PROJECT, Home, absolute
from containment.settings import lookup_tables, lookups, own_config, settings


@click.command(
    context_settings=command_line.CONTEXT,
    epilog="Exit codes: 0 a run can read this; 2 it cannot, or the settings are wrong.",
)
@command_line.source
@command_line.raw_path
@command_line.home("The home: its config/ is read, and its warehouse if the raw tables are there")
@command_line.config
@command_line.settings_yaml
@click.option(
    "--template",
    "template",
    metavar="DIR",
    help="Write empty raw tables of --source (default: files) with the right headers into DIR, "
    "and look at nothing.",
)
def command(
    sources: tuple[str, ...],
    raw_path: str | None,
    home: Home,
    config_folder: str | None,
    vars_text: str | None,
    template: str | None,
) -> int:
    """Look at raw data before the first run: which files, columns and values there are, how a run
    reads them, and which rows it cannot use.

    Nothing is written in the home, and nothing is published.
    """
    if template is not None:
        for line in raw_template.write(sources, absolute(template, "--template")):
            say(line)
        return 0
    options = command_line.given(sources, raw_path)
    own = own_config.find(home.folder, config_folder, lookup_tables.declared(PROJECT))
    given = settings.load(PROJECT, options, vars_text, os.environ, own.settings).at(utc_now())
    words = lookups.load(PROJECT, own.lookups)
    for line in words.warnings:
        warn(line)
    if not given.places:
        raise Stop("nothing to look at; name a source, e.g. --source files --raw-path DIR")
    try:
        with tempfile.TemporaryDirectory(prefix="containment-check-") as folder:
            for line in look.look(home, Home(Path(folder)), given, words):
                say(line)
    except duckdb.Error as error:
        raise Stop(f"the raw data cannot be read ({one_line(error)})") from None
    return 0


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    command_line.run(command, "check-raw")
