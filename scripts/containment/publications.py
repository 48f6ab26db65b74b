"""scripts/publications and scripts/rollback: what is published, and the way back."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from containment import checksums, console, headline, publish, run_lock
from containment.console import fail, say
from containment.errors import DATA_FAILED, Stop, how_it_ended, nearest
from containment.places import PROJECT, Home, absolute
from containment.run import NAME
from containment.shown import quoted


def list_main() -> None:
    """Run the command line of scripts/publications."""
    parser = _parser(
        "scripts/publications", "List the publications that are kept, the newest first."
    )
    parser.add_argument("--json", action="store_true", help="one JSON array on stdout")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="read every file, and say which are not as they were written (exit 1)",
    )
    given = parser.parse_args()
    _run(lambda: _list(_home(given.home), as_json=given.json, verify=given.verify))


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


def described(home: Home, *, verify: bool = False) -> list[dict[str, Any]]:
    """The publications of a home, the newest first: name, times, whether it is seen, headline; with
    `verify` whether it is sound (null: it has no checksums), and what is not.
    """
    seen = publish.current(home.published)
    return [
        {
            "name": name,
            "published_at": _published_at(name),
            "is_current": name == seen,
            **headline.summary(publish.versions(home.published) / name),
            **(_verified(home, name) if verify else {}),
        }
        for name in reversed(publish.names(home.published))
    ]


def rollback(home: Home, name: str | None) -> None:
    """Switch to a publication, or to the one before the current; Stop when there is none, or when
    it is damaged.
    """
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
        _refuse_damaged(home, name)
        if name == seen:
            say(f"{name} is current already; nothing to do")
            return
        publish.switch(home.published, name)
        say(f"rolled back from {seen} to {name}; the next night publishes anew")


def _refuse_damaged(home: Home, name: str) -> None:
    """Stop when a publication is not what was written; name the next one that is."""
    damage = publish.damage(home.published, name)
    if not damage:
        return
    seen, names = publish.current(home.published), publish.names(home.published)
    # The nearest before it, or else the nearest behind it.
    others = [*reversed([each for each in names if each < name]), *(n for n in names if n > name)]
    sound = next((n for n in others if n != seen and not publish.damage(home.published, n)), None)
    way_on = f"the next sound one is scripts/rollback {sound}" if sound else "no other one is sound"
    raise Stop(f"{name} is damaged ({'; '.join(damage)}); {way_on}", DATA_FAILED)


def _verified(home: Home, name: str) -> dict[str, Any]:
    damage = publish.damage(home.published, name)
    is_known = damage or checksums.is_kept(publish.versions(home.published) / name)
    return {"is_sound": not damage if is_known else None, "damage": damage}


def _state(publication: dict[str, Any]) -> str:
    words = {True: "sound", None: "no checksums", False: "; ".join(publication["damage"])}
    return words[publication["is_sound"]]


def _list(home: Home, *, as_json: bool, verify: bool) -> None:
    found = described(home, verify=verify)
    if as_json:
        print(json.dumps(found), flush=True)
    elif not found:
        say(f"{home.published}: nothing is published here")
    else:
        _show(found)
    damaged = [each["name"] for each in found if each.get("damage")]
    if damaged:
        sound = next((each["name"] for each in found if not each["damage"]), None)
        way_on = f"scripts/rollback {sound}, or let" if sound else "let"
        raise Stop(
            f"damaged: {', '.join(damaged)}; {way_on} the next night publish anew", DATA_FAILED
        )


def _show(found: list[dict[str, Any]]) -> None:
    verify = "damage" in found[0]
    header = ("publication", "published at", "", *(["files"] if verify else []), "headline")
    rows = [
        (
            each["name"],
            (each["published_at"] or "unknown")[:16].replace("T", " "),
            "current" if each["is_current"] else "",
            *([_state(each)] if verify else []),
            each["headline"],
        )
        for each in found
    ]
    for line in headline.table(header, rows, texts=len(header)):
        say(line)


def _published_at(name: str) -> str | None:
    try:
        return datetime.strptime(name, NAME).isoformat() + "Z"
    except ValueError:
        return None


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=command,
        description=description,
        epilog="Exit codes: 0 done; 1 a publication is damaged; 2 there is no such publication; "
        "3 a run holds the lock.",
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
