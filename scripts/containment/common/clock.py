"""The machine's clock: moments in UTC, names that sort by them, seconds since a start."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone

NAME = "%Y%m%dT%H%M%S.%fZ"  # of a run or a publication: when it began (UTC)


def name_after(last: str | None) -> str:
    """The name of what begins now; it sorts after the last one, though the clock was set back."""
    now = utc_now()
    with suppress(ValueError, OverflowError, TypeError):
        now = max(now, datetime.strptime(last or "", NAME) + timedelta(microseconds=1))
    return now.strftime(NAME)


def utc_now() -> datetime:
    """The time of the machine's clock in UTC, without a zone, as the warehouse holds times."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self._start, 3)

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s"
