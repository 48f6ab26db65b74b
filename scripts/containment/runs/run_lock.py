"""One run at a time in a home folder."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from containment.common.errors import LOCKED, Stop, one_line

SECONDS_TO_WAIT = 10  # for what a killed run left: it ends at once, but may have much to give back
SECONDS_BETWEEN_TRIES = 0.05


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file until the end of the block; raise Stop if another run holds it.

    The system frees the lock when its holder and the holder's dbt have ended, however that happens.
    If only dbt is left, wait for it; while the holder is at work, Stop at once.
    """
    holder = path.with_name(path.name + ".holder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
        _take(file, path, holder)
        # Handed on to dbt: a build that has not ended yet must not meet the next one.
        os.set_inheritable(file.fileno(), True)
        # Not handed on: whether it is free tells whether this process has ended. Its number would
        # not, for that may be a zombie's, or another process's by now.
        own = holder.open("a")
        fcntl.flock(own, fcntl.LOCK_EX)
        started = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
        holder.write_text(json.dumps({"pid": os.getpid(), "started": started}), encoding="utf-8")
    except OSError as error:
        raise Stop(
            f"{path}: cannot be written ({one_line(error)}); choose another --home"
        ) from None
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        own.close()
        file.close()


def _take(file: IO[str], path: Path, holder: Path) -> None:
    last = time.monotonic() + SECONDS_TO_WAIT
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            is_at_work = _is_at_work(holder)
            if is_at_work or time.monotonic() > last:
                name = _named(holder, is_at_work=is_at_work)
                raise Stop(f"{path}: held by {name}; wait until it ends", LOCKED) from None
        time.sleep(SECONDS_BETWEEN_TRIES)


def _is_at_work(holder: Path) -> bool:
    """Whether the process that took the lock is still there."""
    try:
        with holder.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass  # it has not written it yet, or has just ended
    return False


def _named(holder: Path, *, is_at_work: bool) -> str:
    try:
        found = json.loads(holder.read_text(encoding="utf-8"))
        pid, started = int(found["pid"]), found["started"]
    except (OSError, ValueError, TypeError, KeyError):
        return "another run"
    if is_at_work:
        return f"process {pid}, started {started}"
    return f"dbt, which process {pid} left at work when it was killed (started {started})"
