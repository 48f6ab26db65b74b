"""scripts/publications and scripts/rollback: what is published, and the way back."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from containment import console, headline, publish, run_lock
from containment.console import fail, say
from containment.errors import Stop, how_it_ended, nearest
from containment.places import PROJECT, Home, absolute
from containment.shown import quoted


def list_main() -> None:
    """Run the command line of scripts/publications."""
    parser = _parser(
        "scripts/publications", "List the publications that are kept, the newest first."
    )
    parser.add_argument("--json", action="store_true", help="one JSON array on stdout")
    given = parser.parse_args()
    _run(lambda: _list(_home(given.home), as_json=given.json))


def rollback_main() -> None:
    """Run the command line of scripts/rollback."""
    parser = _parser(
        "scripts/rollback",
        "Let readers see an earlier publication again, in one step. The next night publishes anew.",
    )
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="the publication (default: the one before)"
    )
    given = parser.parse_args()
    _run(lambda: rollback(_home(given.home), given.name))


def described(home: Home) -> list[dict[str, Any]]:
    """The publications of a home, the newest first: name, times, whether it is seen, headline."""
    seen = publish.current(home.published)
    return [
        {
            "name": name,
            "published_at": _published_at(name),
            "is_current": name == seen,
            **headline.summary(publish.versions(home.published) / name),
        }
        for name in reversed(publish.names(home.published))
    ]


def rollback(home: Home, name: str | None) -> None:
    """Switch to a publication, or to the one before the current; Stop when there is none."""
    console.log_to(home.nightly_log)
    if not publish.names(home.published):
        raise Stop(f"{home.published}: nothing is published here; check --home")
    with run_lock.held(home.lock):
        names, seen = publish.names(home.published), publish.current(home.published)
        if name is None:
            earlier = [each for each in names if seen is not None and each < seen]
            if not earlier:
                raise Stop(f"{home.published}: no publication before the current one is kept")
            name = earlier[-1]
        if name not in names:
            raise Stop(
                f"no publication {quoted(name)}{nearest(name, names)} "
                "(scripts/publications lists them)"
            )
        if name == seen:
            say(f"{name} is current already; nothing to do")
            return
        publish.switch(home.published, name)
        say(f"rolled back from {seen} to {name}; the next night publishes anew")


def _list(home: Home, *, as_json: bool) -> None:
    found = described(home)
    if as_json:
        print(json.dumps(found), flush=True)
    elif not found:
        say(f"{home.published}: nothing is published here")
    else:
        header = ("publication", "published at", "", "headline")
        rows = [
            (
                each["name"],
                (each["published_at"] or "unknown")[:16].replace("T", " "),
                "current" if each["is_current"] else "",
                each["headline"],
            )
            for each in found
        ]
        for line in headline.table(header, rows, texts=len(header)):
            say(line)


def _published_at(name: str) -> str | None:
    try:
        return datetime.strptime(name, publish.NAME).isoformat() + "Z"
    except ValueError:
        return None


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=command,
        description=description,
        epilog="Exit codes: 0 done; 2 there is no such publication; 3 a run holds the lock.",
    )
    parser.add_argument(
        "--home",
        metavar="DIR",
        default=os.environ.get("CONTAINMENT_HOME"),
        help="where published/ lives (CONTAINMENT_HOME; default: the project)",
    )
    return parser


def _home(given: str | None) -> Home:
    return Home(absolute(given, "--home") if given else PROJECT)


def _run(command: Callable[[], None]) -> None:
    try:
        command()
    except KeyboardInterrupt:
        sys.exit(130)
    except (Stop, OSError) as error:
        known = how_it_ended(error)
        if known is None:
            raise
        fail(known[1][0])
        sys.exit(known[0])
