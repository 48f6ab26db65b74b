"""scripts/publications and scripts/rollback: what is published, and the way back."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from containment.commands import command_line
from containment.common import console
from containment.common.clock import NAME
from containment.common.console import say
from containment.common.errors import DATA_FAILED, Stop, nearest
from containment.common.places import Home
from containment.common.shown import quoted
from containment.publish import checksums, exported, headline, publish
from containment.runs import run_lock

EXIT_CODES = (
    "Exit codes: 0 done; 1 a publication is damaged; 2 there is no such publication; 3 a run holds "
    "the lock."
)


@click.command(context_settings=command_line.CONTEXT, epilog=EXIT_CODES)
@command_line.home("Where published/ lives")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@click.option(
    "--verify",
    is_flag=True,
    help="Read every file, and say which are not as they were written (exit 1).",
)
@click.option(
    "--export",
    "export_name",
    metavar="NAME",
    help="Keep a copy of the current publication under this name for good, in published/exports/, "
    "with claims.csv and claims.xlsx: each claim of a vendor with its evidence.",
)
def list_command(home: Home, as_json: bool, verify: bool, export_name: str | None) -> None:
    """List the publications that are kept, the newest first."""
    if export_name is not None:
        if as_json or verify:
            raise Stop("--export goes alone; ask for the list without it")
        export(home, export_name)
        return
    found = described(home, verify=verify)
    if as_json:
        print(json.dumps(found), flush=True)
    elif not found:
        say(f"{home.published}: nothing is published here")
    else:
        _show(found)
        exports = exported.names(home.published)
        if exports:
            say(f"exports: {', '.join(exports)}")
    damaged = [each["name"] for each in found if each.get("damage")]
    if damaged:
        sound = next((each["name"] for each in found if not each["damage"]), None)
        way_on = f"scripts/rollback {sound}, or let" if sound else "let"
        raise Stop(
            f"damaged: {', '.join(damaged)}; {way_on} the next run publish anew", DATA_FAILED
        )


@click.command(context_settings=command_line.CONTEXT, epilog=EXIT_CODES)
@click.argument("name", required=False, metavar="[NAME]")
@command_line.home("Where published/ lives")
def rollback_command(name: str | None, home: Home) -> None:
    """Let readers see an earlier publication again, in one step: NAME, or the one before. The next
    run publishes anew.
    """
    rollback(home, name)


def list_main() -> None:
    """Run the command line of scripts/publications."""
    command_line.run(list_command, "publications")


def rollback_main() -> None:
    """Run the command line of scripts/rollback."""
    command_line.run(
        rollback_command, "rollback", stopped="scripts/publications says which one is current"
    )


def described(home: Home, *, verify: bool = False) -> list[dict[str, Any]]:
    """Describe the publications of a home, the newest first. With `verify`: whether each is sound
    (null: it has no checksums), and what is not.
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


def export(home: Home, name: str) -> None:
    """Keep a copy of the current publication under a name; Stop if it is damaged."""
    seen = publish.current(home.published)
    if seen is None:
        raise Stop(f"{home.published}: nothing is published here; check --home")
    exported.folder(home.published, name)
    with run_lock.held(home.lock):
        target, rows = exported.export(home.published, seen, name)
    digest = exported.digest(target / exported.COPY)
    said = f"{rows:,} rows of claims in {exported.CSV}" if rows else "no claims"
    say(f"{target}: {seen}, sha256 {digest}; {said}")
    say(f"ask it: scripts/query --publication {name} ...")


def rollback(home: Home, name: str | None) -> None:
    """Switch to a publication (default: the one before); Stop if it is damaged."""
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
        say(f"rolled back from {seen} to {name}; the next run publishes anew")


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
