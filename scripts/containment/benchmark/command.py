"""The command line of scripts/benchmark."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from containment import warehouse
from containment.benchmark import report
from containment.benchmark.measuring import CHOICES, Size, measure
from containment.console import fail, say
from containment.errors import Stop, one_line

FEWEST_MESSAGES = 1_000
# What the page's own command leaves out: where it was written to.
NOT_TOLD = ("--write", "--keep")


def benchmark(given: argparse.Namespace, folder: Path) -> None:
    """Measure each size in a folder, say what came out, write the page."""
    found = []
    say(f"{report.machine()}; {report.versions()}")
    for messages in given.messages:
        size = Size(messages, given.conversations or messages // 10)
        chosen = [step for name in given.only for step in CHOICES[name]]
        found.append(measure(size, given.runs, chosen, folder, daily=given.daily_files))
        say("")
        for line in report.tables(found[-1]):
            say(line)
        say("")
        if given.keep is None:  # the next one needs the room
            shutil.rmtree(folder / f"{messages}")
    if given.write:
        text = report.section(found, _told(sys.argv[1:]), given.runs)
        try:
            report.write(given.write, text, add=given.add)
        except OSError as error:
            raise Stop(f"--write {given.write}: cannot be written ({one_line(error)})") from None
        say(f"written: {given.write}")


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


def _path(text: str) -> Path:
    return Path(os.path.abspath(text))


def _sizes(text: str) -> list[int]:
    if not re.fullmatch(r"[\d_]+(,[\d_]+)*", text):
        raise argparse.ArgumentTypeError(f"{text!r}: write whole numbers, e.g. 1000000,10000000")
    sizes = [int(size) for size in text.split(",")]
    for size in sizes:
        if size < FEWEST_MESSAGES:
            raise argparse.ArgumentTypeError(f"{size}: at least {FEWEST_MESSAGES:,}")
    return list(dict.fromkeys(sizes))


def _choices(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in CHOICES:
            raise argparse.ArgumentTypeError(f"{name!r}: choose of {', '.join(CHOICES)}")
    return names


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/benchmark",
        description="Time the nights as cron runs them, the build and its publication, on "
        "synthetic raw files, beside the floor (one hand-written statement), and beside the same "
        "job in Polars, pandas, the six CTEs of dbt packages, and marts rebuilt whole each night.",
    )
    parser.add_argument(
        "--messages",
        type=_sizes,
        default=[10_000_000],
        metavar="N[,N]",
        help="how many messages to make; several sizes one after the other (default: 10 million, "
        "which need 7 GiB of disk)",
    )
    parser.add_argument(
        "--conversations",
        type=int,
        metavar="N",
        help="in how many conversations (default: a tenth of the messages; 1: one enormous "
        "conversation; as many as messages: a message in each)",
    )
    parser.add_argument(
        "--daily-files",
        action="store_true",
        help="lay the raw rows down as a file for each day, so that a night adds one (default: a "
        "file for each table, which a night replaces)",
    )
    parser.add_argument(
        "--runs", type=int, default=3, metavar="N", help="how often to time each (default: 3)"
    )
    parser.add_argument(
        "--only",
        type=_choices,
        default=list(CHOICES),
        metavar="NAME[,NAME]",
        help=f"what to time beside the floor, of {', '.join(CHOICES)} (default: all)",
    )
    parser.add_argument(
        "--memory-limit",
        metavar="SIZE",
        help="how much memory DuckDB may use before it spills to the disk, e.g. 8GB (default: "
        f"{warehouse.MEMORY_LIMIT_VARIABLE}, or 80 %% of the machine's)",
    )
    parser.add_argument(
        "--keep",
        type=_path,
        metavar="DIR",
        help="keep the raw files and the last builds in this folder, new or empty "
        "(default: a temporary folder, TMPDIR says where)",
    )
    parser.add_argument(
        "--write", type=_path, metavar="FILE", help="write the tables to this page (markdown)"
    )
    parser.add_argument(
        "--add", action="store_true", help="with --write: above the runs that the page has"
    )
    given = parser.parse_args()
    if given.runs < 1:
        parser.error(f"--runs {given.runs}: at least 1")
    if given.conversations is not None and not 1 <= given.conversations <= min(given.messages):
        parser.error(f"--conversations {given.conversations}: from 1 to the number of messages")
    return given


def _on_signal(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)  # tidying up on the way


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, _on_signal)
    signal.signal(signal.SIGTERM, _on_signal)
    given = _arguments()
    try:
        if given.memory_limit:
            os.environ[warehouse.MEMORY_LIMIT_VARIABLE] = given.memory_limit
        warehouse.memory_limit()
        with _folder(given.keep) as folder:
            benchmark(given, folder)
    except Stop as stop:
        for reason in stop.reasons:
            say(reason)
        fail(str(stop))
        sys.exit(stop.exit_code)
