"""The options that several commands share, and how a command ends: an exit code and one line."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import click

from containment.common.console import fail
from containment.common.errors import UNUSABLE, Stop, Stopped, how_it_ended
from containment.common.places import PROJECT, Home, absolute
from containment.settings.values import Given

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

source = click.option(
    "--source", "sources", multiple=True, metavar="NAME", help="A raw system; repeatable."
)
raw_path = click.option(
    "--raw-path", metavar="DIR", help="The folder of the tables that the source reads."
)
as_of = click.option(
    "--as-of", metavar="TIME", help="The moment at which inactivity is judged (ISO 8601, UTC)."
)
settings_yaml = click.option(
    "--vars", "vars_text", metavar="YAML", help="Other settings: '{courtesy_minutes: 5}'."
)
config = click.option(
    "--config",
    "config_folder",
    metavar="DIR",
    help="Your own settings and lookups: settings.yml, event_types.csv, ... (default: config/ in "
    "the home, where there is one).",
)


def home(holds: str) -> Callable[..., Any]:
    """Take what is looked for in the home, give the option --home; the command gets a Home."""
    return click.option(
        "--home",
        metavar="DIR",
        envvar="CONTAINMENT_HOME",
        callback=lambda context, option, typed: _home(typed),
        help=f"{holds} (CONTAINMENT_HOME; default: the project).",
    )


def given(
    sources: Sequence[str],
    raw_path: str | None,
    as_of: str | None = None,
    accepted: Sequence[str] = (),
) -> dict[str, Given]:
    """The settings that the shared options name, each with its option."""
    options = {
        "sources": Given(list(sources) or None, "--source"),
        "raw_path": Given(raw_path, "--raw-path"),
        "as_of": Given(as_of, "--as-of"),
        "accepted_findings": Given(list(accepted) or None, "--accept"),
    }
    return {name: each for name, each in options.items() if each.value is not None}


def run(command: click.Command, name: str, *, stopped: str = "nothing was changed") -> None:
    """Run the command line of scripts/`name`; every end is an exit code and, if not 0, one line.

    stopped: what to say if a signal ends it. If the reader of the output goes away, click exits
    with 1 and says nothing.
    """
    signal.signal(signal.SIGTERM, _on_signal)
    try:
        sys.exit(command.main(prog_name=f"scripts/{name}", standalone_mode=False) or 0)
    except click.ClickException as error:
        fail(wrong_use(error, name))
        sys.exit(UNUSABLE)
    except (KeyboardInterrupt, click.Abort, Stopped):
        fail(f"stopped; {stopped}")
        sys.exit(128 + (Stopped.received or signal.SIGINT))
    except (Stop, OSError) as error:
        sys.exit(fail_by(error))


def fail_by(error: Stop | OSError) -> int:
    """Say why a command failed, give its exit code."""
    exit_code, lines = how_it_ended(error) or (UNUSABLE, (str(error),))
    for line in lines:
        fail(line)
    return exit_code


def wrong_use(error: click.ClickException, name: str) -> str:
    """What is wrong with the command line of scripts/`name`, in one line."""
    return f"{' '.join(error.format_message().split()).rstrip('.')} (see scripts/{name} --help)"


def _home(typed: str | None) -> Home:
    if typed is not None and not typed.strip():
        raise Stop("--home is blank; name a folder, or leave it out")
    return Home(absolute(typed, "--home") if typed else PROJECT)


def _on_signal(number: int, frame: FrameType | None) -> None:
    Stopped.received = number
    raise Stopped
