"""How a run ends early: one line for the user, and an exit code."""

from __future__ import annotations

import re

DATA_FAILED = 1
UNUSABLE = 2
LOCKED = 3


class Stop(Exception):
    """Ends the run. `message` is one line: what, where, what to do."""

    def __init__(self, message: str, exit_code: int = UNUSABLE) -> None:
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code


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
    first = re.sub(r"^(IO|Invalid Input|Parser|Binder|Catalog|Conversion) Error: ", "", lines[0])
    details = [
        line
        for line in lines[1:]
        if line.startswith(
            ("Expected Number of Columns", "Invalid unicode", "file = ", "Value with")
        )
    ]
    return "; ".join([first, *details]) if "CSV Error" in first else first
