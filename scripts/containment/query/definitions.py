"""What a word means here: a rule, a term, a metric, a dimension, a mart or a column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from containment.common.errors import Stop, nearest
from containment.common.places import PROJECT
from containment.common.shown import quoted
from containment.query import described, metrics
from containment.query.described import Dimension

RULE = re.compile(r"^## (?:(\d+)\. )?(.+)$", re.MULTILINE)
TERM = re.compile(r"^\| (.+?) \| (.+) \|$", re.MULTILINE)
LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")


@dataclass(frozen=True)
class Definition:
    """What a word is, its own name, and what it means."""

    kind: str
    name: str
    text: str


def of(
    word: str, known: Mapping[str, metrics.Metric], dimensions: Sequence[Dimension]
) -> list[Definition]:
    """Take a word ('rule 7', 'contained', 'coverage_rate', 'sessions.outcome'), give all that it
    means; raise Stop, which names the nearest, where it means nothing."""
    asked = " ".join(word.lower().split()).removeprefix("marts.")
    every = [*_words(), *_of_metrics(known), *_of_dimensions(dimensions), *_of_marts()]
    names: dict[str, list[Definition]] = {}
    for called, definition in every:
        names.setdefault(called, []).append(definition)
    if asked not in names:
        raise Stop(
            f"no definition of {quoted(word)}{nearest(asked, list(names))} (the tool list_metrics "
            "names metrics, dimensions, rules and marts)"
        )
    return list(dict.fromkeys(names[asked]))


def rules(project: Path = PROJECT) -> dict[str, str]:
    """The titles of the numbered rules, by number."""
    return {number: title for number, title, _ in _sections(project) if number}


@cache
def _words(project: Path = PROJECT) -> tuple[tuple[str, Definition], ...]:
    """The rules, by number and by title, and the terms of the glossary."""
    found: list[tuple[str, Definition]] = []
    for number, title, text in _sections(project):
        called = [title.lower(), *([number, f"rule {number}"] if number else [])]
        name = f"rule {number}: {title}" if number else title
        found += [(each, Definition("rule", name, text)) for each in called]
    glossary = (project / "docs" / "glossary.md").read_text(encoding="utf-8")
    for terms, meaning in TERM.findall(glossary)[1:]:
        definition = Definition("term", terms, _without_links(meaning))
        found += [(each.strip().lower(), definition) for each in terms.split(",")]
    return tuple(found)


def _sections(project: Path) -> Iterator[tuple[str, str, str]]:
    """The sections of RULES.md: number (or none), title, text."""
    pieces = RULE.split((project / "RULES.md").read_text(encoding="utf-8"))[1:]
    for number, title, text in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        yield number or "", title, _without_links(text).strip()


def _of_metrics(known: Mapping[str, metrics.Metric]) -> Iterator[tuple[str, Definition]]:
    for name, metric in known.items():
        made = {
            "ratio": " / ".join(metric.inputs),
            "derived": f"a formula of {', '.join(metric.inputs)}",
        }.get(metric.kind, f"counted over the rows of marts.{metric.model.mart}")
        text = f"{metric.label}. {metric.description} Made of: {made}."
        yield name, Definition("metric", name, text)


def _of_dimensions(dimensions: Sequence[Dimension]) -> Iterator[tuple[str, Definition]]:
    for each in dimensions:
        text = f"{each.description} For metrics of: {', '.join(each.marts)}."
        yield each.name, Definition("dimension", each.name, text)


def _of_marts() -> Iterator[tuple[str, Definition]]:
    for name, mart in described.marts().items():
        columns = ", ".join(mart.columns)
        yield name, Definition("mart", name, f"{mart.description}\nColumns: {columns}.")
        for column, text in mart.columns.items():
            definition = Definition("column", f"{name}.{column}", text)
            yield f"{name}.{column}", definition
            yield column, Definition("column", column, text)


def _without_links(text: str) -> str:
    """A text of a page without the addresses of its links, which lead nowhere outside of it."""
    return LINK.sub(r"\1", text)
