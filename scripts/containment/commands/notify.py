"""scripts/notify: one short message of what is new, to whom the environment names."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from typing import Any

import click

from containment.commands import command_line
from containment.common import console
from containment.common.clock import utc_now
from containment.common.console import say, warn
from containment.common.errors import DATA_FAILED, Stop
from containment.common.places import PROJECT, Home
from containment.messages import addresses, news, sent
from containment.messages.addresses import VARIABLE, Address
from containment.messages.news import FAILURES, SIGNALS, Item
from containment.settings import lookup_tables, messages_settings, own_config


@click.command(
    context_settings=command_line.CONTEXT,
    epilog="Exit codes: 0 everybody was told, or there is nothing new; 1 an address did not take "
    "its message, which is sent again at the next run; 2 wrong use or settings, or nothing can be "
    "remembered; 3 another process sends messages.",
)
@command_line.home("Where published/ and history/ live")
@command_line.config
@command_line.settings_yaml
@click.option(
    "--digest", is_flag=True, help="Also the last whole week beside the one before; once a week."
)
@click.option(
    "--missing-after",
    "hours",
    type=float,
    metavar="HOURS",
    help="Also tell if no run has published for so many hours; once for each missed night.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be sent; send nothing.")
@click.option("--ended", "ended_text", hidden=True, help="The run that just ended, as JSON.")
def command(
    home: Home,
    config_folder: str | None,
    vars_text: str | None,
    digest: bool,
    hours: float | None,
    dry_run: bool,
    ended_text: str | None,
) -> int:
    """Send what is new, each piece once: signals, and runs that failed.

    CONTAINMENT_NOTIFY has the addresses, as apprise writes them (mailto://..., slack://...,
    json://...), with blanks or commas between them.
    """
    if hours is not None and not (math.isfinite(hours) and hours > 0):
        raise Stop(f"--missing-after: {hours:g} is no number of hours; write e.g. 26")
    about, report_url = _settings(home, config_folder, vars_text)
    ended = None if ended_text is None else json.loads(ended_text)
    if not home.folder.is_dir():
        raise Stop(f"{home.folder}: not found; check --home")
    if ended is None:  # otherwise the run writes it into its log
        console.log_to(home.nightly_log)
    found = addresses.read(os.environ)
    if not found and not dry_run:
        raise Stop(f"{VARIABLE} is not set; name addresses in it, e.g. mailto://... slack://...")
    try:
        with sent.only_one(home):
            known = sent.keys(home)
            items = _items(home, about, report_url, digest, hours, ended)
            if dry_run:
                _show(found, items, known)
                return 0
            many = [key for each in found for item in _new(items, known, each) for key in item.keys]
            if many:
                sent.make_room(home, len(many))
            failed = [address.name for address in found if not _told(home, address, items, known)]
    except sent.NotRemembered:
        # A full disk, say: that the run failed by it is told, for the next run is another one.
        if ended is not None and FAILURES in about:
            _tell_all(found, news.failure(home, ended))
        raise
    for name in failed:
        warn(f"{VARIABLE}: address {name} did not take its message; the next run sends it again")
    return DATA_FAILED if failed else 0


def _settings(
    home: Home, config_folder: str | None, vars_text: str | None
) -> tuple[Sequence[str], str | None]:
    """What messages are about, and the report's address; by default if a setting is wrong."""
    try:
        own = own_config.find(home.folder, config_folder, lookup_tables.declared(PROJECT))
        return messages_settings.load(PROJECT, vars_text, own.settings)
    except Stop as error:
        # A run that ends by a wrong setting is news as well.
        warn(f"{error}; the messages have their default settings")
        return (SIGNALS, FAILURES), None


def _items(
    home: Home,
    about: Sequence[str],
    report_url: str | None,
    digest: bool,
    hours: float | None,
    ended: dict[str, Any] | None,
) -> list[Item]:
    items = [] if hours is None else news.missing(home, hours, utc_now())
    items += news.failures(home, ended) if FAILURES in about else []
    items += news.signals(home, report_url) if SIGNALS in about else []
    return items + ([news.digest(home, report_url)] if digest else [])


def _new(items: Sequence[Item], known: set[tuple[str, str]], to: Address) -> list[Item]:
    return [item for item in items if not any((key, to.recipient) in known for key in item.keys)]


def _told(home: Home, address: Address, items: Sequence[Item], known: set[tuple[str, str]]) -> bool:
    """Send an address what it does not know yet; return whether it took it."""
    new = _new(items, known, address)
    if not new:
        return True
    title, body = news.text(new)
    # Sent first, remembered then: a kill between the two sends it twice, the other way round never.
    if not address.send(title, body):
        return False
    sent.remember(home, [key for item in new for key in item.keys], address.recipient, address.name)
    say(f"message sent to address {address.name}: {title}")
    return True


def _tell_all(found: Sequence[Address], items: Sequence[Item]) -> None:
    title, body = news.text(items)
    for address in found if items else ():
        taken = address.send(title, body)
        say(f"address {address.name}: {'told' if taken else 'not told'} that the run failed")


def _show(found: Sequence[Address], items: Sequence[Item], known: set[tuple[str, str]]) -> None:
    people: Sequence[Address | None] = found or [None]
    for address in people:
        new = items if address is None else _new(items, known, address)
        title, body = news.text(new) if new else ("nothing new", "")
        say(f"{f'to address {address.name}' if address else 'to nobody yet'}: {title}")
        for each in body.splitlines():
            say(f"  {each}")


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    command_line.run(
        command, "notify", stopped="a message that was sent and not remembered is sent again"
    )
