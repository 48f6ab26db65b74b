"""How a command that changes nothing begins and ends."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

import click

from containment.console import fail
from containment.errors import UNUSABLE, Stopped


def run(command: click.Command, name: str) -> None:
    """Run the command line of scripts/`name`; every end is an exit code and, if not 0, one line."""
    signal.signal(signal.SIGTERM, _on_signal)
    try:
        sys.exit(command.main(prog_name=f"scripts/{name}", standalone_mode=False) or 0)
    except click.ClickException as error:
        fail(f"{' '.join(error.format_message().split())} (see scripts/{name} --help)")
        sys.exit(UNUSABLE)
    except BrokenPipeError:  # the reader of the lines has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(UNUSABLE)
    except Stopped:
        fail("stopped; nothing was changed")
        sys.exit(128 + (Stopped.received or signal.SIGTERM))
    except (KeyboardInterrupt, click.Abort):
        fail("stopped; nothing was changed")
        sys.exit(128 + signal.SIGINT)


def _on_signal(number: int, frame: FrameType | None) -> None:
    Stopped.received = number
    raise Stopped
