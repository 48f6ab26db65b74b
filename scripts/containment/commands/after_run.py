"""What a nightly run does when all is over: it lets scripts/notify tell what is new."""

from __future__ import annotations

import os
import subprocess
import sys

from containment.common.console import say, warn
from containment.common.errors import Stopped, one_line
from containment.common.places import PROJECT, Home
from containment.messages.addresses import VARIABLE
from containment.runs.run import Run

SECONDS = 300  # the first time, pip installs what sends messages
LABELS = ("warning: ", "error: ")


def tell(home: Home, run: Run, config_folder: str | None, vars_text: str | None) -> None:
    """Send what is new, if CONTAINMENT_NOTIFY names an address; whatever fails is a warning.

    In a process of its own: the run needs no package that sends messages, and cannot hang in one.
    """
    if not os.environ.get(VARIABLE) or Stopped.received is not None:
        return
    command = [sys.executable, str(PROJECT / "scripts" / "notify"), "--home", str(home.folder)]
    command += ["--config", config_folder] if config_folder else []
    command += ["--vars", vars_text] if vars_text else []
    try:
        done = subprocess.run(
            [*command, "--ended", run.as_json(None)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        warn(f"messages: not all sent within {SECONDS} s; the next run sends the others")
    except (Exception, Stopped) as error:
        warn(f"messages: not sent ({one_line(error)}); the next run sends them")
    else:
        for line in done.stdout.splitlines():
            say(line)
        for line in done.stderr.splitlines():
            label = next((each for each in LABELS if line.startswith(each)), None)
            if label:  # anything else is a library's
                warn(f"messages: {line.removeprefix(label)}")
