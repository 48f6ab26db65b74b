"""How a run ends early: one line for the user, and an exit code."""

from __future__ import annotations

import difflib
import errno
import os
import re
import signal
import traceback
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb
from yaml import YAMLError

from containment.common import duckdb_words
from containment.common.shown import LONGEST, line

DATA_FAILED = 1
UNUSABLE = 2
LOCKED = 3
NO_ROOM = (
    *(os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)),
    "max_temp_directory_size",  # DuckDB's own end before the disk's
)
MAKE_ROOM = "no room left on the disk; make room and start again, the last publication stays"
HERE = Path(__file__).resolve().parents[1]
# Not the colon at its end, behind which a message goes on.
VALUE = r"""('[^']*'?|"[^"]*"?|[^\s&;,'")\]}]*[^\s&;,'")\]}:])"""
# Secrets as addresses and settings hold them: https://KEY@host, me:secret@host, ?sig=...,
# AccountKey=..., pwd=..., {"token": "..."}.
SECRETS = (
    (re.compile(r"(://)[^/@\s'\"]+@"), r"\1***@"),
    (re.compile(r"([\w.+-]+:)[^/@\s:'\"]+@(?=[\w-])"), r"\1***@"),
    (
        re.compile(
            r"((?:pass(?:word|wd|phrase)?|pwd?|secret|token|signature|credentials?|sig|key|auth)"
            rf"['\"]?\s*(?:=|%3D)\s*){VALUE}",
            re.IGNORECASE,
        ),
        r"\1***",
    ),
    # Before a colon only as a name among others: a message may begin with a word and a colon.
    (
        re.compile(
            r"([{,'\"]\s*[\w-]*(?:password|passwd|passphrase|secret|token|api_?key)['\"]?:\s*)"
            rf"{VALUE}",
            re.IGNORECASE,
        ),
        r"\1***",
    ),
    (re.compile(r"(bearer )\s*[^\s'\"&;,]+", re.IGNORECASE), r"\1***"),
)
LOGIN = re.compile(r"https?://[^/@\s]+@|://[^/@\s]*:[^/@\s]*@")


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
        # Each step and each library says it in its own way; there is one thing to do.
        case Stop() if is_no_room(str(error)):
            return error.exit_code, (f"{str(error).split(': ')[0]}: {MAKE_ROOM}",)
        case Exception() if is_no_room(str(error)):
            where = getattr(error, "filename", None) or "disk"
            return UNUSABLE, (f"{where}: {MAKE_ROOM}",)
        case Stop():
            return error.exit_code, (*error.reasons, str(error))
        case OSError() if not isinstance(error, BrokenPipeError):
            where = error.filename or "system"
            return UNUSABLE, (f"{where}: {one_line(error)}; check it and start again",)
    return None


def is_no_room(message: str) -> bool:
    """Whether a message says that the disk is full, or a quota used up."""
    return any(reason in message for reason in NO_ROOM)


def one_line(error: BaseException) -> str:
    """Return what helps of an error in one line that holds no value of the data.

    A library's own text is never used: it may quote what it could not read.
    """
    match error:
        case Stop():
            return str(error)
        case OSError() if error.strerror:
            return error.strerror
        case duckdb.Error():
            return duckdb_words.of(str(error))
        case UnicodeError():
            return "not UTF-8 text"
        case YAMLError():
            return yaml_problem(error)
    return type(error).__name__


def where_raised(error: BaseException) -> str:
    """The kind of an error that nobody foresaw, and the line of this project that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).parent.is_relative_to(HERE)]
    place = f" in {Path(own[-1].filename).name} line {own[-1].lineno}" if own else ""
    return f"{one_line(error)}{place}"


def masked(line: str) -> str:
    """A line with *** in the place of every secret that an address or a setting in it holds."""
    for pattern, shown in SECRETS:
        line = pattern.sub(shown, line)
    return line


def holds_secret(address: str) -> bool:
    """Whether the address of a database holds a secret; a user's name alone is none."""
    return LOGIN.search(address) is not None or any(
        pattern.search(address) for pattern, _ in SECRETS[1:]
    )


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
    # What a name, an alias or a tag is there may be a password without quotes.
    problem = re.sub(r"'([^']*)'", _sign_alone, problem)
    return f"not valid YAML: {problem}" + (f" (line {mark.line + 1})" if mark else "")


def _sign_alone(quoted: re.Match[str]) -> str:
    """What PyYAML has in quotes, where it is a sign or one of its own words: ':', '<scalar>'."""
    return quoted[0] if len(quoted[1]) < 3 or quoted[1].startswith("<") else "'...'"
