"""How a run ends early: one line for the user, and an exit code."""

from __future__ import annotations

import difflib
import errno
import os
import re
import signal
from collections.abc import Collection, Sequence

from containment.shown import LONGEST, line

DATA_FAILED = 1
UNUSABLE = 2
LOCKED = 3
# Kinds of DuckDB's errors that say nothing which the message does not.
NO_USE = ("IO", "Invalid Input", "Parser", "Binder", "Catalog", "Conversion", "Permission")
NO_ROOM = (
    *(os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)),
    "max_temp_directory_size",  # DuckDB's own end before the disk's
)
MAKE_ROOM = "no room left on the disk; make room and start again, the last publication stays"


class Stop(Exception):
    """Ends the run. `message` is one line: what, where, what to do; `reasons` stand before it."""

    def __init__(
        self, message: str, exit_code: int = UNUSABLE, reasons: Sequence[str] = ()
    ) -> None:
        super().__init__(line(" ".join(message.split())))
        self.exit_code = exit_code
        self.reasons = tuple(reasons)


class Stopped(BaseException):
    """A signal ended the run."""

    received: int | None = None


def how_it_ended(error: BaseException) -> tuple[int, tuple[str, ...]] | None:
    """Take what ended a run, give its exit code and the lines to say; None: nobody foresaw it."""
    if Stopped.received is not None:  # first: in DuckDB's hands a signal becomes DuckDB's error
        name = signal.Signals(Stopped.received).name
        line = f"stopped by {name}; the last publication stays, the next run starts over"
        return 128 + Stopped.received, (line,)
    match error:
        # Whichever step it was, and whoever said it: there is one thing to do.
        case Stop() if is_no_room(str(error)):
            return error.exit_code, (f"{str(error).split(': ')[0]}: {MAKE_ROOM}",)
        case Exception() if is_no_room(str(error)):
            where = getattr(error, "filename", None) or "disk"
            return UNUSABLE, (f"{where}: {MAKE_ROOM}",)
        case Stop():
            return error.exit_code, (*error.reasons, str(error))
        case OSError() if not isinstance(error, BrokenPipeError):
            where = error.filename or "system"
            return UNUSABLE, (f"{where}: {one_line(error)}; free it and start again",)
    return None


def is_no_room(message: str) -> bool:
    """Whether a message says that the disk is full, or a quota used up."""
    return any(reason in message for reason in NO_ROOM)


def one_line(error: BaseException | str) -> str:
    """Take an error (or its text), give the line of it that helps.

    An OSError gives its reason alone (callers name the path). DuckDB's errors begin with the line
    that matters; its CSV errors say the rest a few lines further down.
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    first = re.sub(rf"^({'|'.join(NO_USE)}) Error: ", "", lines[0])
    details = [
        line
        for line in lines[1:]
        if line.startswith(
            ("Expected Number of Columns", "Invalid unicode", "file = ", "Value with")
        )
    ]
    return "; ".join([first, *details]) if "CSV Error" in first else first


def nearest(word: object, known: Collection[str]) -> str:
    """'; did you mean X?' with the known word that is most like this one, or nothing."""
    if not isinstance(word, str) or len(word) > LONGEST:  # no word: it would be compared for long
        return ""
    lower = {name.lower(): name for name in reversed([*known])}
    match = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.5)
    return f"; did you mean {lower[match[0]]!r}?" if match else ""


def yaml_problem(error: Exception) -> str:
    """Take what PyYAML said about a text, give it in one line; a mark says where it stands."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "not readable"
    return f"not valid YAML: {problem}" + (f" (line {mark.line + 1})" if mark else "")
