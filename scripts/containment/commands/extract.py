"""The command line of scripts/extract."""

from __future__ import annotations

from pathlib import Path

import click

from containment.commands import command_line
from containment.common import console
from containment.common.clock import Clock, utc_now
from containment.common.console import say
from containment.common.places import Home, absolute
from containment.extraction import WORK
from containment.runs import run_lock

SYSTEMS = ("chatwoot", "reamaze")


@click.command(
    context_settings=command_line.CONTEXT,
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
@command_line.home("Where raw/ and logs/ live")
@click.option("--full", is_flag=True, help="Throw away what was loaded, and read everything again.")
def command(system: str, folder: str | None, home: Home, full: bool) -> int:
    """Load what is new in SYSTEM into parquet files for the nightly run.

    It loads only the columns that staging reads: no text of a message, no e-mail address.
    """
    console.log_to(home.nightly_log.with_name("extract.log"))
    to = absolute(folder, "--to") if folder else home.folder / "raw"
    clock = Clock()
    say(f"extract {system}: everything" if full else f"extract {system}: what is new")
    with run_lock.held(to / WORK / f".{system}.lock"):
        counts = _extract(system, to, full)
    for table, rows in sorted(counts.items()):
        say(f"{table}: {rows:,} rows")
    say(f"loaded into {to / system} ({clock})")
    return 0


def _extract(system: str, folder: Path, full: bool) -> dict[str, int]:
    # Here, because dlt takes a second to import, and --help needs none of it.
    from containment.extraction import chatwoot, reamaze

    extract = {"chatwoot": chatwoot.extract, "reamaze": reamaze.extract}[system]
    return extract(folder, full=full, loaded_at=utc_now())


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    command_line.run(command, "extract", stopped="the next start goes on from what was loaded")
