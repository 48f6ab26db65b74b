"""The settings of messages, which hold although another setting may be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from containment.settings import settings
from containment.settings.own_config import File
from containment.settings.values import PLAIN, Given, plain


def load(root: Path, vars_text: str | None, own: File | None) -> tuple[Sequence[str], str | None]:
    """Return what messages are about and the address of the report, by the order of all settings.

    Raise Stop if one of the two is wrong, or a file of settings cannot be read.
    """
    given = settings.written(root, vars_text, own)
    about, report_url = (
        plain(name, given.get(name, Given(PLAIN[name].default, settings.PROJECT_FILE)))
        for name in ("notify", "report_url")
    )
    return about, report_url
