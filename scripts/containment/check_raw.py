"""scripts/check-raw: what a night would make of raw data, said before there is one.

The raw tables are read as the nightly reads them, in a temporary folder; the home is left alone.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click
import duckdb

from containment import (
    command_line,
    lookup_tables,
    lookups,
    own_config,
    raw_look,
    raw_template,
    settings,
)
from containment.console import fail, say, warn
from containment.errors import UNUSABLE, Stop, how_it_ended, one_line
from containment.places import PROJECT, Home, absolute
from containment.run import utc_now
from containment.settings import Given


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 a night can read this; 2 it cannot, or the settings are wrong.",
)
@click.option(
    "--source", "sources", multiple=True, metavar="NAME", help="A raw system; repeatable."
)
@click.option("--raw-path", metavar="DIR", help="The folder of the tables that the source reads.")
@click.option(
    "--home",
    metavar="DIR",
    envvar="CONTAINMENT_HOME",
    help="The home of the nights: its config/ and, where the raw tables are there, its warehouse "
    "are read (CONTAINMENT_HOME; default: the project).",
)
@own_config.option
@click.option(
    "--vars", "vars_text", metavar="YAML", help="Other settings: '{reporting_timezone: ...}'."
)
@click.option(
    "--template",
    "template",
    metavar="DIR",
    help="Write empty raw tables with the right headers into DIR, and look at nothing: those of "
    "--source (default: files).",
)
def command(
    sources: tuple[str, ...],
    raw_path: str | None,
    home: str | None,
    config_folder: str | None,
    vars_text: str | None,
    template: str | None,
) -> int:
    """Look at raw data before the first night: which files, columns and words there are, what a
    night takes them for, and which rows it cannot use.

    Nothing is written in the home, and nothing is published.
    """
    options: dict[str, Given] = {}
    if sources:
        options["sources"] = Given(list(sources), "--source")
    if raw_path is not None:
        options["raw_path"] = Given(raw_path, "--raw-path")
    try:
        if template is not None:
            for line in raw_template.write(sources, absolute(template, "--template")):
                say(line)
            return 0
        place = Home(absolute(home, "--home") if home else PROJECT)
        own = own_config.find(place.folder, config_folder, lookup_tables.declared(PROJECT))
        given = settings.load(PROJECT, options, vars_text, os.environ, own.settings).at(utc_now())
        words = lookups.load(PROJECT, own.lookups)
        for line in words.warnings:
            warn(line)
        if not given.places:
            raise Stop("nothing to look at; name a source, e.g. --source files --raw-path DIR")
        with tempfile.TemporaryDirectory(prefix="containment-check-") as folder:
            for line in raw_look.look(place, Home(Path(folder)), given, words):
                say(line)
        return 0
    except BrokenPipeError:
        raise
    except (Stop, OSError, duckdb.Error) as error:
        unread = f"the raw data cannot be read ({one_line(error)})"
        exit_code, lines = how_it_ended(error) or (UNUSABLE, (unread,))
        for line in lines:
            fail(line)
        return exit_code


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    command_line.run(command, "check-raw")
