"""Python in a process of its own that ends when the one that started it does, also by kill -9."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1  # of Linux's prctl: the signal that a process gets when its parent ends
# Nothing to tidy up is lost, and a process that is stopped, or blocks signals, ends as well.
SIGNAL = signal.SIGKILL
SECONDS_BETWEEN_LOOKS = 0.2
SCRIPTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def command(code: str, *arguments: str) -> list[str]:
    """Take Python code and its arguments, give the command of a process that runs it.

    Wait for it in the thread that starts it: Linux ends it with that thread.
    """
    # The parent is named, for the child cannot tell it from who takes over an orphan. It comes
    # first: what the code imports takes seconds.
    begin = (
        f"import sys; sys.path.insert(0, {SCRIPTS!r}); "
        f"from containment.common import child; child.end_with({os.getpid()})"
    )
    return [sys.executable, "-c", f"{begin}\n{code}", *arguments]


def end_with(parent: int) -> None:
    """In the child: end from now on when the process `parent` does, and now if it has ended."""
    if not _is_ended_by_system():
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    # Only now, for the system says nothing of a parent that ended before it was asked.
    _end_without(parent)


def _is_ended_by_system() -> bool:
    """Ask the system to end this process with its parent; give whether it will."""
    if sys.platform != "linux":
        return False
    try:
        import ctypes

        return bool(ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(SIGNAL), 0, 0, 0) == 0)
    except (ImportError, OSError, AttributeError):  # a Python without ctypes, another C library
        return False


def _watch(parent: int) -> None:
    while True:
        _end_without(parent)
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _end_without(parent: int) -> None:
    if os.getppid() != parent:
        os.kill(os.getpid(), SIGNAL)
