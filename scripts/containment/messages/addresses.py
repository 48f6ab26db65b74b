"""The addresses of messages, and how one is sent: apprise does it.

An address holds a password or a token. It comes from the environment only, and neither it nor what
apprise says of it is ever shown: an address is named by its position and its scheme.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from containment.common.errors import Stop

VARIABLE = "CONTAINMENT_NOTIFY"
SECONDS_PER_ADDRESS = 30
# A comma or a blank ends an address only if another begins behind it: some hold commas.
BETWEEN = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,19})://")
NAME = "containment"


@dataclass(frozen=True)
class Address:
    """Somebody to tell.

    `name` may be shown: the position among the addresses, and the scheme. `recipient` is how the
    history knows who was told, wherever the address stands: a hash of it without its secrets.
    """

    name: str
    recipient: str
    service: Any = field(repr=False)  # apprise's, with the secrets

    def send(self, title: str, body: str) -> bool:
        """Send a text; return whether it was taken within SECONDS_PER_ADDRESS."""
        import apprise

        return bool(
            self.service.notify(
                body=body,
                title=title,
                body_format=apprise.NotifyFormat.TEXT,
                timeout=SECONDS_PER_ADDRESS,
            )
        )


def read(environment: Mapping[str, str]) -> list[Address]:
    """Return the addresses of CONTAINMENT_NOTIFY; raise Stop if one is none, by its position."""
    import apprise

    _silence()
    # Nothing is kept on the disk, no other code than apprise's own is read.
    asset = apprise.AppriseAsset(
        app_id=NAME, app_desc=NAME, storage_mode="memory", secure_logging=True
    )
    found: list[Address] = []
    for number, written in enumerate(split(environment.get(VARIABLE, "")), start=1):
        scheme = SCHEME.match(written)
        service = apprise.Apprise(asset=asset)
        if scheme is None or re.search(r"\s", written) or not service.add(written):
            what = f"{scheme[1].lower()}://..." if scheme else "without a scheme://"
            raise Stop(
                f"{VARIABLE}: address {number} ({what}) is none that apprise takes; check it "
                "(blanks or commas stand between addresses)"
            )
        known = [each.recipient for each in found]
        found.append(Address(f"{number} {scheme[1].lower()}", _recipient(service, known), service))
    return found


def _recipient(service: Any, known: Sequence[str]) -> str:
    """Sixteen hex digits of what apprise shows of an address, and its number among equal ones."""
    shown = [each.url(privacy=True) for each in service]
    for each in service:  # the limit that counts is that of a whole call, unless ?rto= says another
        if each.socket_read_timeout == type(each).socket_read_timeout:
            each.socket_read_timeout = SECONDS_PER_ADDRESS
    same = hashlib.sha256("\n".join(shown).encode()).hexdigest()[:16]
    return f"{same} {sum(each.startswith(same) for each in known) + 1}"


def split(text: str) -> Sequence[str]:
    """The addresses in a text: between two of them stand blanks or commas."""
    trimmed = text.strip(" \t\r\n,")
    return BETWEEN.split(trimmed) if trimmed else []


def _silence() -> None:
    """Let no library write an address or an answer into the terminal or a log."""
    for name in ("apprise", "urllib3", "requests"):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
