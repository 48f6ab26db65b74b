"""What a run says: short plain lines; warnings and errors on standard error."""

from __future__ import annotations

import sys
import time


def say(line: str) -> None:
    """Print a line now, also into a pipe."""
    print(line, flush=True)


def warn(line: str) -> None:
    """Print what the user should know though the night goes on."""
    _complain(f"warning: {' '.join(line.split())}")


def fail(line: str) -> None:
    """Print what ended the run."""
    _complain(f"error: {line}")


def _complain(line: str) -> None:
    sys.stdout.flush()  # the lines keep their order where both go to one place
    print(line, file=sys.stderr, flush=True)


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __str__(self) -> str:
        return f"{time.monotonic() - self._start:.1f} s"
