"""What a run says: short plain lines on the terminal, the same with their time in a log file."""

from __future__ import annotations

import logging
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

from containment.common import shown
from containment.common.errors import masked, one_line

LOG_BYTES = 1_000_000
LOG_FILES = 5  # older ones beside the one that is written

_log = logging.getLogger("containment")
_log.propagate = False
_log.setLevel(logging.INFO)
_log.addHandler(logging.NullHandler())
_to_stderr = False


def say(line: str) -> None:
    """Print a line now, also into a pipe."""
    _print(line, sys.stderr if _to_stderr else sys.stdout)


def show(line: str) -> None:
    """Print what no log may hold: a library's own words."""
    print(line, file=sys.stderr if _to_stderr else sys.stdout, flush=True)


def log(line: str) -> None:
    """Write a line into the log alone."""
    _log.info("%s", masked(shown.line(line)))


def warn(line: str) -> None:
    """Print what the user should know though the night goes on."""
    _complain(f"warning: {' '.join(line.split())}")


def fail(line: str) -> None:
    """Print what ended the run."""
    _complain(f"error: {line}")


def keep_stdout_free() -> None:
    """From now on every line goes to standard error."""
    global _to_stderr
    _to_stderr = True


def log_to(path: Path) -> None:
    """Write every line also to this file, with the UTC time; without it where that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _QuietHandler(
            path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", errors="replace"
        )
    except OSError as error:
        warn(f"{path}: cannot be written ({one_line(error)}); this run leaves no log")
        return
    form = logging.Formatter("%(asctime)s.%(msecs)03dZ %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    handler.setFormatter(form)
    _log.addHandler(handler)


def _complain(line: str) -> None:
    sys.stdout.flush()  # the lines keep their order where both go to one place
    _print(line, sys.stderr)


def _print(line: str, stream: TextIO) -> None:
    # Here, for whatever a line is made of, no value in it ends it, moves a cursor or fills a log.
    plain = masked(shown.line(line))
    if plain:
        _log.info("%s", plain)
    try:
        print(plain, file=stream, flush=True)
    except BrokenPipeError:
        raise
    except OSError:  # /dev/full, say: the line stands in the log, and the night is worth more
        pass
    except UnicodeEncodeError:  # a terminal that does not know every letter
        print(ascii(plain)[1:-1], file=stream, flush=True)


class _QuietHandler(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        """Say nothing: a full disk ends no night, and the lines stand on the terminal too."""


class Progress:
    """A bar on a terminal; nothing where standard error is none."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._bar: Any = None  # tqdm's
        self._is_shown = sys.stderr.isatty()

    def step(self, total: int) -> None:
        """One more of so many is done."""
        if not self._is_shown:
            return
        if self._bar is None:
            from tqdm import tqdm  # here, for a run without a terminal has no use for it

            self._bar = tqdm(
                desc=self._what, total=total, unit="step", leave=False, file=sys.stderr
            )
        self._bar.update()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
