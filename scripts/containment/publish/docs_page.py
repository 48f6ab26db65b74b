"""The page that docs.html is: every model, column and metric of dbt's manifest, on one page.

It has no script and loads nothing, so that it reads the same offline, on a phone and in print.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

TEMPLATE = Path(__file__).with_name("docs.html.jinja")
LAYERS = ("marts", "lookups", "intermediate", "staging", "raw tables")
ITEM = re.compile(r"(?:- |\d+\. )")
INLINE = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<!\*)\*(\w+)\*(?!\*)"), r"<em>\1</em>"),
    (re.compile(r"\[([^]]+)\]\([^)]+\)"), r"\1"),
)


@dataclass(frozen=True)
class Column:
    """A column as it is declared; without a type where nobody declares one."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Table:
    """A model, a lookup or a raw table. `made_of` and `read_by` are those next to it."""

    id: str
    name: str
    layer: str
    description: str
    columns: Sequence[Column]
    code: str
    made_of: list[Table] = field(default_factory=list, repr=False, compare=False)
    read_by: list[Table] = field(default_factory=list, repr=False, compare=False)

    @property
    def origins(self) -> dict[str, list[Table]]:
        """All that it is made of, however far away: by layer, in the order in which data flows."""
        found: dict[str, Table] = {}
        waiting = list(self.made_of)
        while waiting:
            each = waiting.pop()
            if each.id not in found:
                found[each.id] = each
                waiting += each.made_of
        by_layer = {
            layer: sorted((e for e in found.values() if e.layer == layer), key=lambda e: e.name)
            for layer in reversed(LAYERS)
        }
        return {layer: tables for layer, tables in by_layer.items() if tables}


@dataclass(frozen=True)
class Metric:
    """A metric, and what it is made of."""

    id: str
    name: str
    label: str
    description: str
    made_of: str


def render(manifest: Mapping[str, Any], flow: str) -> str:
    """Take dbt's manifest and the picture of how data flow (svg), give the page."""
    tables = _tables(manifest)
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["prose"] = prose
    overview = manifest["docs"].get("doc.containment.__overview__", {"block_contents": ""})
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        overview=overview["block_contents"],
        flow=Markup(flow),
        layers={layer: [each for each in tables if each.layer == layer] for layer in LAYERS},
        metrics=_metrics(manifest),
        exposures=sorted(manifest["exposures"].values(), key=lambda each: each["name"]),
    )


def prose(text: str) -> Markup:
    """Take a description, give its paragraphs and lists; what is HTML in it is escaped."""
    return Markup("\n").join(_block(block) for block in re.split(r"\n\s*\n", text.strip()) if block)


def _block(block: str) -> Markup:
    lines = [line.strip() for line in block.splitlines() if not line.startswith("#")]
    if not any(ITEM.match(line) for line in lines):
        return Markup("<p>{}</p>").format(_inline(" ".join(lines)))
    items: list[str] = []
    for line in lines:
        if ITEM.match(line) or not items:
            items.append(ITEM.sub("", line, count=1))
        else:
            items[-1] += f" {line}"
    inside = Markup("").join(Markup("<li>{}</li>").format(_inline(item)) for item in items)
    return Markup("<ul>{}</ul>").format(inside)


def _inline(text: str) -> Markup:
    written = str(escape(text))
    for pattern, meant in INLINE:
        written = pattern.sub(meant, written)
    return Markup(written)


def _tables(manifest: Mapping[str, Any]) -> list[Table]:
    every = {**manifest["nodes"], **manifest["sources"]}
    tables = {
        id_: Table(
            id_,
            f"{node['source_name']}.{node['name']}" if "source_name" in node else node["name"],
            layer,
            node["description"],
            list(_columns(node)),
            node.get("raw_code", "").strip() if node["resource_type"] == "model" else "",
        )
        for id_, node in every.items()
        if (layer := _layer(node)) is not None
    }
    for id_, table in tables.items():
        for parent in manifest["parent_map"].get(id_, []):
            if parent in tables:
                table.made_of.append(tables[parent])
                tables[parent].read_by.append(table)
    return sorted(tables.values(), key=lambda each: each.name)


def _layer(node: Mapping[str, Any]) -> str | None:
    match node["resource_type"]:
        case "seed":
            return "lookups"
        case "source":
            return "raw tables"
        case "model":
            return str(node["fqn"][1])
    return None


def _columns(node: Mapping[str, Any]) -> Iterator[Column]:
    """The columns that are described, then those of a lookup that have a type alone."""
    types = dict(node["config"].get("column_types") or {})
    for name, column in node["columns"].items():
        declared = types.pop(name, "")
        yield Column(name, column.get("data_type") or declared, column["description"])
    for name, kind in types.items():
        yield Column(name, kind, "")


def _metrics(manifest: Mapping[str, Any]) -> list[Metric]:
    return [
        Metric(
            metric["unique_id"],
            metric["name"],
            metric["label"],
            metric["description"] or "",
            _made_of(metric["type_params"]),
        )
        for metric in sorted(manifest["metrics"].values(), key=lambda each: each["name"])
    ]


def _made_of(parameters: Mapping[str, Any]) -> str:
    if parameters.get("numerator"):
        return f"{parameters['numerator']['name']} / {parameters['denominator']['name']}"
    if parameters.get("metrics"):
        return "a formula of " + ", ".join(each["name"] for each in parameters["metrics"])
    return ""
