"""The command line of scripts/benchmark."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from benchmarking import report
from benchmarking.measuring import CHOICES, Size, measure
from containment.commands import command_line
from containment.common import warehouse
from containment.common.console import say
from containment.common.errors import Stop, one_line

FEWEST_MESSAGES = 1_000
# What the page's own command leaves out: where it was written to.
NOT_TOLD = ("--write", "--keep")
PATH = click.Path(path_type=Path, resolve_path=True)


@click.command(context_settings=command_line.CONTEXT)
@click.option(
    "--messages",
    default="10000000",
    metavar="N[,N]",
    callback=lambda context, option, text: _sizes(text),
    help="How many messages to make; several sizes one after the other (default: 10 million, which "
    "need 7 GiB of disk).",
)
@click.option(
    "--conversations",
    type=int,
    metavar="N",
    help="In how many conversations (default: a tenth of the messages; 1: one enormous "
    "conversation; as many as messages: a message in each).",
)
@click.option(
    "--daily-files",
    is_flag=True,
    help="Lay the raw rows down as a file for each day, so that a night adds one (default: a file "
    "for each table, which a night replaces).",
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=3,
    metavar="N",
    help="How often to time each (default: 3).",
)
@click.option(
    "--only",
    default=",".join(CHOICES),
    metavar="NAME[,NAME]",
    callback=lambda context, option, text: _choices(text),
    help=f"What to time beside the floor, of {', '.join(CHOICES)} (default: all).",
)
@click.option(
    "--memory-limit",
    metavar="SIZE",
    help="How much memory DuckDB may use before it spills to the disk, e.g. 8GB (default: "
    f"{warehouse.MEMORY_LIMIT_VARIABLE}, or 80 % of the machine's).",
)
@click.option(
    "--keep",
    type=PATH,
    metavar="DIR",
    help="Keep the raw files and the last builds in this folder, new or empty (default: a "
    "temporary folder, TMPDIR says where).",
)
@click.option(
    "--write", "page", type=PATH, metavar="FILE", help="Write the tables to this page (markdown)."
)
@click.option("--add", is_flag=True, help="With --write: above the runs that the page has.")
def command(
    messages: list[int],
    conversations: int | None,
    daily_files: bool,
    runs: int,
    only: list[str],
    memory_limit: str | None,
    keep: Path | None,
    page: Path | None,
    add: bool,
) -> None:
    """Time the nights as cron runs them, the build and its publication, on synthetic raw files.

    Beside them stand the floor (one hand-written statement), and the same job in Polars, pandas,
    the six CTEs of dbt packages, and marts rebuilt whole each night.
    """
    if conversations is not None and not 1 <= conversations <= min(messages):
        raise Stop(f"--conversations {conversations}: from 1 to the number of messages")
    if memory_limit:
        os.environ[warehouse.MEMORY_LIMIT_VARIABLE] = memory_limit
    warehouse.memory_limit()
    found = []
    chosen = [step for name in only for step in CHOICES[name]]
    with _folder(keep) as folder:
        say(f"{report.machine()}; {report.versions()}")
        for number in messages:
            size = Size(number, conversations or number // 10)
            found.append(measure(size, runs, chosen, folder, daily=daily_files))
            for line in ("", *report.tables(found[-1]), ""):
                say(line)
            if keep is None:  # the next one needs the room
                shutil.rmtree(folder / f"{number}")
    if page is None:
        return
    text = report.section(found, _told(sys.argv[1:]), runs)
    try:
        report.write(page, text, add=add)
    except OSError as error:
        raise Stop(f"--write {page}: cannot be written ({one_line(error)})") from None
    say(f"written: {page}")


def _told(arguments: list[str]) -> list[str]:
    """The arguments without those that say where things are put."""
    told, skipped = [], False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if not skipped and name not in NOT_TOLD and argument != "--add":
            told.append(argument)
        skipped = name in NOT_TOLD and not equals
    return told


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """A folder to work in: the one to keep, which must be new or empty, or a temporary one."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="containment-benchmark-") as name:
            yield Path(name)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise Stop(f"--keep {keep}: not empty; name a new folder")
    except OSError as error:
        raise Stop(f"--keep {keep}: cannot be made ({error.strerror})") from None
    yield keep


def _sizes(text: str) -> list[int]:
    if not re.fullmatch(r"[\d_]+(,[\d_]+)*", text):
        raise click.BadParameter(f"{text!r}: write whole numbers, e.g. 1000000,10000000")
    sizes = [int(size) for size in text.split(",")]
    for size in sizes:
        if size < FEWEST_MESSAGES:
            raise click.BadParameter(f"{size}: at least {FEWEST_MESSAGES:,}")
    return list(dict.fromkeys(sizes))


def _choices(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in CHOICES:
            raise click.BadParameter(f"{name!r}: choose of {', '.join(CHOICES)}")
    return names


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    command_line.run(command, "benchmark")
