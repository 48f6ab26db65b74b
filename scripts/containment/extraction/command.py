"""The command line of scripts/extract."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from containment import console, run_lock
from containment.console import say
from containment.errors import Stop, how_it_ended
from containment.places import PROJECT, Home, absolute
from containment.run import utc_now

SYSTEMS = ("chatwoot", "reamaze")
WORK = "_extract"  # what is not rows; a name with _ is none of the tables


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Secrets come from the environment or from dlt's secrets file (.dlt/secrets.toml), "
    "never from the command line. Exit codes: 0 loaded; 2 it could not be loaded: what was loaded "
    "before stays, and the next start goes on from there; 3 another run is at work.",
)
@click.argument("system", type=click.Choice(SYSTEMS))
@click.option(
    "--to",
    "folder",
    metavar="DIR",
    help="The folder of all landed systems; files go to DIR/SYSTEM (default: raw/ in the home).",
)
@click.option(
    "--home",
    metavar="DIR",
    envvar="CONTAINMENT_HOME",
    help="Where raw/ and logs/ live (CONTAINMENT_HOME; default: the project).",
)
@click.option("--full", is_flag=True, help="Throw away what was loaded, and read everything again.")
def command(system: str, folder: str | None, home: str | None, full: bool) -> int:
    """Load what is new in SYSTEM into parquet files for the nightly.

    Only the columns that staging reads; no text of a message, no e-mail address.
    """
    place = Home(absolute(home, "--home") if home else PROJECT)
    console.log_to(place.nightly_log.with_name("extract.log"))
    to = absolute(folder, "--to") if folder else place.folder / "raw"
    try:
        clock = console.Clock()
        say(f"extract {system}: everything" if full else f"extract {system}: what is new")
        with run_lock.held(to / WORK / f".{system}.lock"):
            counts = _extract(system, to, full)
        for table, rows in sorted(counts.items()):
            say(f"{table}: {rows:,} rows")
        say(f"loaded into {to / system} ({clock})")
        return 0
    except BaseException as error:
        known = how_it_ended(error)
        if known is None:
            raise
        exit_code, lines = known
        for line in lines:
            console.fail(line)
        return exit_code


def _extract(system: str, folder: Path, full: bool) -> dict[str, int]:
    # Here, because dlt takes a second to import, and --help needs none of it.
    from containment.extraction import chatwoot, reamaze

    extract = {"chatwoot": chatwoot.extract, "reamaze": reamaze.extract}[system]
    return extract(folder, full=full, loaded_at=utc_now())


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    try:
        sys.exit(command.main(prog_name="scripts/extract", standalone_mode=False) or 0)
    except click.ClickException as error:
        console.fail(f"{' '.join(error.format_message().split())} (see scripts/extract --help)")
        sys.exit(2)
    except Stop as error:
        console.fail(str(error))
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        console.fail("stopped; the next start goes on from what was loaded")
        sys.exit(130)
