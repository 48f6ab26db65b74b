"""One run at a time in a home folder."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from containment.errors import LOCKED, Stop, one_line


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Take the lock file's path, hold it till the end; Stop at once when another run does.

    The system frees the lock when its holder, and dbt that it started, have ended, however that
    happens.
    """
    holder = path.with_name(path.name + ".holder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Handed on to dbt: should this process be killed, dbt alone keeps the lock till it ends.
        os.set_inheritable(file.fileno(), True)
        started = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
        holder.write_text(json.dumps({"pid": os.getpid(), "started": started}), encoding="utf-8")
    except BlockingIOError:
        raise Stop(f"{path}: held by {_named(holder)}; wait till it ends", LOCKED) from None
    except OSError as error:
        raise Stop(
            f"{path}: cannot be written ({one_line(error)}); choose another --home"
        ) from None
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        file.close()


def _named(holder: Path) -> str:
    try:
        found = json.loads(holder.read_text(encoding="utf-8"))
        pid, started = int(found["pid"]), found["started"]
    except (OSError, ValueError, TypeError, KeyError):
        return "another run"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return f"dbt, which process {pid} left at work when it was killed (started {started})"
    except OSError:
        pass  # somebody else's process
    return f"process {pid}, started {started}"
