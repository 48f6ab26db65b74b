"""Start what is measured as a process of its own, and take its time and memory.

The process that starts others must stay small, for the system counts its memory into the peak of
those that it starts: so nothing heavy happens in it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from containment.common.errors import Stop
from containment.common.places import PROJECT

TOLD_LINES = 20  # of the output of a process that failed
OUT_OF_MEMORY = ("MemoryError", "OutOfMemory", "Out of Memory", "memory allocation of")


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds by the clock and of all cores, the most memory that it or one
    that it started held, and the bytes on the disk of what it left.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    disk_bytes: int = 0

    def __add__(self, other: Cost) -> Cost:
        """One after the other."""
        return Cost(
            self.seconds + other.seconds,
            self.cpu_seconds + other.cpu_seconds,
            max(self.peak_bytes, other.peak_bytes),
            self.disk_bytes + other.disk_bytes,
        )

    def leaving(self, *places: Path) -> Cost:
        """The same, with the bytes of files and folders that it left."""
        return replace(self, disk_bytes=size(*places))


def size(*places: Path) -> int:
    """The bytes of files, and of all below folders; a file with several names counts once."""
    files = [place for place in places if place.is_file()]
    for place in places:
        files += (file for file in place.rglob("*") if file.is_file() and not file.is_symlink())
    states = {(state.st_dev, state.st_ino): state.st_size for state in map(os.stat, files)}
    return sum(states.values())


class NoMemory(Stop):
    """A process ended because memory ran out."""


def run(
    code: str, *arguments: object, folder: Path, environment: Mapping[str, str] | None = None
) -> tuple[Cost, str]:
    """Run Python code in a folder as a process to its end, give its cost and what it printed.

    Stop with the end of what it printed when it fails, NoMemory when that is why.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "scripts"), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        assert process.stdout is not None
        with process.stdout:
            output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)  # with that of all that it waited for
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()
    seconds = time.monotonic() - started
    if process.returncode:
        raise _failure(process.returncode, output)
    peak = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak), output


def call(function: str, *arguments: object, folder: Path) -> tuple[Cost, Any]:
    """Run a function of this package ("floor.run") in a folder, give its cost and its result.

    The arguments reach it as texts, the result comes back as JSON: tuples as lists. It has a file
    of its own, for anything may be printed: DuckDB's progress is, when a statement takes long.
    """
    module, name = function.rsplit(".", 1)
    with tempfile.NamedTemporaryFile(suffix=".json") as result:
        cost, _ = run(
            f"import json, sys; from benchmarking.{module} import {name} as function; "
            "json.dump(function(*sys.argv[2:]), open(sys.argv[1], 'w', encoding='utf-8'))",
            result.name,
            *arguments,
            folder=folder,
        )
        return cost, json.load(result)


def _failure(exit_code: int, output: str) -> Stop:
    reasons = output.rstrip().splitlines()[-TOLD_LINES:]
    if exit_code == -signal.SIGKILL or any(word in output for word in OUT_OF_MEMORY):
        return NoMemory("a process of the benchmark ran out of memory", reasons=reasons)
    return Stop(f"a process of the benchmark ended with {exit_code}", reasons=reasons)
