"""One run at a time in a home folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import filelock

from containment.errors import LOCKED, Stop, one_line


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Take the lock file's path, hold it till the end; Stop at once when another run does.

    The system frees the lock when its holder dies, however that happens.
    """
    holder = path.with_name(path.name + ".holder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path)
        lock.acquire(timeout=0)
        started = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
        holder.write_text(json.dumps({"pid": os.getpid(), "started": started}), encoding="utf-8")
    except filelock.Timeout:
        raise Stop(f"{path}: held by {_named(holder)}; wait till it ends", LOCKED) from None
    except OSError as error:
        raise Stop(
            f"{path}: cannot be written ({one_line(error)}); choose another --home"
        ) from None
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _named(holder: Path) -> str:
    try:
        found = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {found['pid']}, started {found['started']}"
    except (OSError, ValueError, TypeError, KeyError):
        return "another run"
