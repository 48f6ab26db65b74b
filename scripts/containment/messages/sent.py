"""Which messages were sent to whom: the history remembers, so that each of them is sent once."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb

from containment.common.clock import utc_now
from containment.common.errors import LOCKED, Stop, one_line
from containment.common.places import Home
from containment.runs import history


class NotRemembered(Stop):
    """Nothing was sent, because it would be sent again by each run."""


def key(*parts: object) -> str:
    """The name of a piece of news, of what tells it from others: a hash, which says nothing."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()


@contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Let no other process send messages of this home until the end of the block; Stop if one does.

    The file says nothing; whether it is locked does.
    """
    if not home.history.exists():  # a run makes it, of what the publications know
        raise NotRemembered(f"{home.history}: no run is on record; check --home")
    path = home.history.with_name("notify.lock")
    try:
        file = path.open("a")
    except OSError as error:
        raise _not_written(home, error) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop(
                f"{path}: another process sends messages; nothing was sent", LOCKED
            ) from None
        yield


def keys(home: Home) -> set[tuple[str, str]]:
    """Return what was sent, and to whom; raise NotRemembered if nothing can be added to it."""
    try:
        with history.opened(home) as connection:
            history.make_table(connection, history.SENT)
            return set(
                connection.execute(f"select message_key, recipient from {history.SENT}").fetchall()
            )
    except (duckdb.Error, OSError) as error:
        raise _not_written(home, error) from None


def make_room(home: Home, count: int) -> None:
    """Raise NotRemembered if so many messages could not be remembered: a full disk, say."""
    now = utc_now()
    try:
        with history.opened(home) as connection:
            connection.executemany(
                f"insert into {history.SENT} values (?, '', ?)",
                [[key("room", number), now] for number in range(count)],
            )
            connection.execute(f"delete from {history.SENT} where recipient = ''")
    except (duckdb.Error, OSError) as error:
        raise _not_written(home, error) from None


def remember(home: Home, new: Iterable[str], recipient: str, name: str) -> None:
    """Note that somebody, shown as `name`, was sent this; raise Stop if it cannot be noted."""
    now = utc_now()
    try:
        with history.opened(home) as connection:
            connection.executemany(
                f"insert into {history.SENT} values (?, ?, ?)",
                [[each, recipient, now] for each in new],
            )
    except (duckdb.Error, OSError) as error:
        raise Stop(
            f"{home.history}: cannot be written ({one_line(error)}); what was sent to address "
            f"{name} is sent again at the next run"
        ) from None


def _not_written(home: Home, error: Exception) -> NotRemembered:
    return NotRemembered(
        f"{home.history}: cannot be written ({one_line(error)}); nothing was sent, because nothing "
        "could be remembered; make it writable"
    )
