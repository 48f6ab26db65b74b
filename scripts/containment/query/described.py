"""What the project says of its marts and their columns, read from the ymls without dbt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
import yaml

from containment.common.places import MARTS, PROJECT
from containment.query import metrics

BLOCK = re.compile(r"{% docs (\w+) %}(.*?){% enddocs %}", re.DOTALL)
TIMES = {
    "day": "The day on which it started, in the reporting time zone; of a claim, its own day.",
    "week": "The Monday of that day's week.",
    "month": "The first day of that day's month.",
    "quarter": "The first day of that day's quarter.",
    "year": "The first of January of that day's year.",
}


@dataclass(frozen=True)
class Mart:
    """What the yml of a mart says: its rows, and each of its columns."""

    description: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Dimension:
    """What metrics can be grouped by, and of which marts' metrics that is true."""

    name: str
    description: str
    marts: tuple[str, ...]


@cache
def marts(project: Path = PROJECT) -> Mapping[str, Mart]:
    """The published marts, by name."""
    blocks = _blocks(project)
    found: dict[str, Mart] = {}
    for path in sorted((project / "models" / MARTS).glob("[!_]*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            columns = {each["name"]: _text(each, blocks) for each in model.get("columns", [])}
            found[model["name"]] = Mart(_text(model, blocks), columns)
    return found


def dimensions(
    known: Mapping[str, metrics.Metric], attributes: Mapping[str, str] | None = None
) -> list[Dimension]:
    """Take the metrics, and a publication's attributes, give what they can be grouped by."""
    models = list({id(each.model): each.model for each in known.values()}.values())
    every = tuple(model.mart for model in models)
    found = [Dimension(name, description, every) for name, description in TIMES.items()]
    for name in metrics.dimensions(known)[len(TIMES) :]:
        of = tuple(model.mart for model in models if name in model.dimensions)
        said = (marts()[mart].columns.get(name, "") for mart in _described(of))
        own = f"The attribute {name} of the setting attributes."
        description = (attributes or {}).get(name) or next(filter(None, said), own)
        found.append(Dimension(name, " ".join(description.split()), of))
    return found


def _described(names: tuple[str, ...]) -> list[str]:
    """The marts whose ymls describe the columns of these: the wide one has those of the narrow."""
    wider = [metrics.NARROW] if metrics.WIDE in names else []
    return [name for name in (*wider, *names) if name in marts()]


def _blocks(project: Path) -> dict[str, str]:
    """The texts that several columns share, by name."""
    texts = (path.read_text(encoding="utf-8") for path in (project / "models").rglob("*.md"))
    return {name: body.strip() for text in texts for name, body in BLOCK.findall(text)}


def _text(written: Mapping[str, str], blocks: Mapping[str, str]) -> str:
    text = written.get("description", "")
    if "{{" not in text:
        return text.strip()
    return str(jinja2.Template(text).render(doc=blocks.__getitem__)).strip()
