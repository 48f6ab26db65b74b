"""A question in a process of its own: what DuckDB cannot interrupt is killed with its process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from containment.common import child
from containment.common.errors import Stop

GRACE = 2.0  # seconds, in which an interrupted question says so itself
CODE = """
import importlib, sys
from containment.query import alone
alone.answer(getattr(importlib.import_module(sys.argv[1]), sys.argv[2]))
"""


def ask(function: Callable[..., Any], *, seconds: float, **given: Any) -> Any:
    """Take a function of a module and what it is given, give what it returns; both are JSON.

    Raise Stop where it does, and when it takes longer than `seconds`.
    """
    # What a killed process has spilled goes with the folder.
    with tempfile.TemporaryDirectory(prefix="containment-query-") as spill:
        try:
            done = subprocess.run(
                child.command(CODE, function.__module__, function.__name__),
                input=json.dumps({"seconds": seconds, **given}),
                env={**os.environ, "TMPDIR": spill},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=seconds + GRACE,
                text=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Stop(too_long(seconds)) from None
    if done.returncode:
        raise Stop(f"the query ended its process (exit code {done.returncode}); ask for less")
    answered = json.loads(done.stdout)
    if "stop" in answered:
        raise Stop(answered["stop"])
    return answered["answer"]


def answer(function: Callable[..., Any]) -> None:
    """In the process: call the function with what standard input holds, print what it gives."""
    try:
        said = {"answer": function(**json.load(sys.stdin))}
    except Stop as stop:
        said = {"stop": str(stop)}
    json.dump(said, sys.stdout)


def too_long(seconds: float) -> str:
    """What to say of a question that took longer than so many seconds."""
    return f"it took more than {seconds:g} seconds, and was ended; ask for fewer days or rows"
