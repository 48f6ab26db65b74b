"""Names, texts and file paths, quoted for DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def text(value: str) -> str:
    """A text literal."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """An identifier."""
    return '"' + value.replace('"', '""') + '"'


def path(value: Path) -> str:
    """A literal of one file's path, for functions that would read * ? [ in it as a pattern."""
    return text("".join(f"[{char}]" if char in "*?[" else char for char in str(value)))


def paths(values: Iterable[Path]) -> str:
    """A list literal of file paths."""
    return "[" + ", ".join(path(value) for value in values) + "]"
