"""Defects that somebody could write into a model or macro, each with the unit tests that see it.

tests/mutations/*.yml lists them by the model or macro; the unit tests are in tests/unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parents[1] / "mutations"


@dataclass(frozen=True)
class Mutation:
    """`old` becomes `new` in the file `sql`; then each unit test of `turns_red` must fail."""

    sql: str  # name of the model or macro
    what: str  # what is wrong then
    old: str
    new: str
    turns_red: tuple[str, ...]  # model.unit_test
    times: int = 1  # how often `old` stands there

    def __str__(self) -> str:
        return f"{self.sql}-{re.sub(r'[^a-z0-9]+', '-', self.what.lower())}"


def _read() -> Iterator[Mutation]:
    """The mutations of all files; a unit test without a model is one of the mutated model."""
    for path in sorted(FOLDER.glob("*.yml")):
        for sql, defects in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            for defect in defects:
                fails = (name if "." in name else f"{sql}.{name}" for name in defect["fails"])
                yield Mutation(
                    sql,
                    defect["breaks"],
                    defect["old"],
                    defect["new"],
                    tuple(fails),
                    defect.get("times", 1),
                )


MUTATIONS = list(_read())
