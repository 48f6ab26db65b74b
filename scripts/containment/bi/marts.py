"""The marts as a BI tool has to know them: columns, types, and how each may be put together.

Everything is read from the marts' yml. How a column adds up follows from its type, from the key of
its mart and from the words that its name is made of, so that a new mart needs no line here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import yaml

from containment.common.places import MARTS, PROJECT

KEY, DIMENSION, TIME = "key", "dimension", "time"
SUM, NEVER, OF_ROWS = "sum", "never sum, never average", "average or median over rows"
TEXTS, TIMES, NUMBERS = ("string", "boolean"), ("date", "timestamp"), ("bigint", "double")
# A mart with one of these has the same sessions in several rows: add up within one value of it.
OVERLAPPING = (
    *("period_kind", "dimension", "attribute", "is_every_channel", "timeout_minutes"),
    *("step_number", "finding", "bot_release", "run_id", "rate_name", "rule_name"),
)
# Of another period, day or group than the row's own; a wish; the number of an ending.
NOT_OF_THE_ROW = re.compile(
    "^(previous|first|headline|needed|judged)_|^base_(counted|sessions)$|^exit_code$|^limit$"
)
# Doubles that add up: everything else that is no whole number is a rate, a bound or an average.
ADDS_UP = re.compile("(_sum|amount|_cost|_avoided|_value)$")
NO_SUM = re.compile("^(contact_cost|session_cost|median_|cumulative_)")
GROUPS = ("bot_id", "last_bot_id")  # ids that name a group of rows; any other names a row
MONEY = "currency"
BLOCK = re.compile(r"{% docs (\w+) %}\s*(.*?)\s*{% enddocs %}", re.DOTALL)


@dataclass(frozen=True)
class Column:
    """A column of a mart. `use` says how values of several rows may be put together."""

    name: str
    type: str
    description: str
    use: str


@dataclass(frozen=True)
class Mart:
    """A mart, with the columns of its key."""

    name: str
    description: str
    key: Sequence[str]
    columns: Sequence[Column]


def load(project: Path = PROJECT) -> dict[str, Mart]:
    """The marts of a project that have columns of their own, by name."""
    blocks = {
        name: " ".join(text.split())
        for path in (project / "models").rglob("*.md")
        for name, text in BLOCK.findall(path.read_text(encoding="utf-8"))
    }
    found = {}
    for path in sorted((project / "models" / MARTS).glob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            if any("data_type" in column for column in model.get("columns", [])):
                found[model["name"]] = _mart(model, blocks)
    return found


def relationships(marts: Mapping[str, Mart]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the many-to-one relations: mart and column, the mart and column that they point to.

    A column points to the mart whose only key it is, and a day to the dates.
    """
    keys = {mart.key[0]: mart for mart in marts.values() if len(mart.key) == 1}
    # A mart whose key is another's points to it, not the other way round.
    owners = {key: marts.get(key.removesuffix("_id") + "s", mart) for key, mart in keys.items()}
    calendar = owners.pop("calendar_date", None)
    for mart in marts.values():
        names = {column.name for column in mart.columns}
        for column in mart.columns:
            owner = owners.get(column.name)
            if owner is not None and owner is not mart and column.use != TIME:
                yield mart.name, column.name, owner.name, column.name
        if calendar is not None and mart is not calendar:
            day = next((each for each in ("started_date", "claimed_date") if each in names), None)
            if day is not None:
                yield mart.name, day, calendar.name, "calendar_date"


def _mart(model: Mapping[str, Any], blocks: Mapping[str, str]) -> Mart:
    tests = [each["key"] for each in model.get("data_tests", []) if "key" in each]
    key = tests[0]["arguments"]["columns"] if tests else ()
    names = [column["name"] for column in model["columns"]]
    columns = [
        Column(
            column["name"],
            column["data_type"],
            _described(column["description"], blocks),
            _use(column["name"], column["data_type"], key, MONEY in names),
        )
        for column in model["columns"]
        if "data_type" in column
    ]
    return Mart(model["name"], _described(model["description"], blocks), key, columns)


def _described(text: str, blocks: Mapping[str, str]) -> str:
    made = jinja2.Template(text).render(doc=lambda *names: blocks[names[-1]])
    return " ".join(made.split())


def _use(name: str, kind: str, key: Sequence[str], is_money: bool) -> str:
    if [name] == list(key):
        return KEY
    if kind in TIMES:
        return TIME
    if kind not in NUMBERS:  # texts, and numbers that count nothing: a position, an hour
        return DIMENSION
    is_of_rows = bool(key) and key[-1].endswith("_id") and key[-1] not in GROUPS
    if is_of_rows and name.endswith(("_seconds", "score")):
        return OF_ROWS
    if NOT_OF_THE_ROW.search(name) or NO_SUM.search(name):
        return NEVER
    if kind == "double" and not ADDS_UP.search(name):
        return NEVER
    within = [each for each in OVERLAPPING if each in key]
    if kind == "double" and is_money:
        within.append(MONEY)
    return f"{SUM} within one {' and '.join(within)}" if within else SUM
