"""The raw tables of a source, as its `_<source>__sources.yml` declares them.

A source whose sources yml has tables with columns reads them through views that the nightly lays
(raw.views). The yml says it all, so that a new system needs no Python:

- the view of a table is raw.<source>_<table>: that is its `identifier`, or its `name` itself;
- `config: meta: required: true` of a table or a column: without it, the run stops;
- `data_type` of a column: what the view gives (see Column);
- `config: meta: {reads: body, value: "body is not null"}`: the column is made of another one of the
  system's table, so that what it holds stays outside. It is null where that one is missing;
- `config: meta: hashed: true`: it is an id of a customer, an author or a conversation, which the
  setting `hashed_ids` turns into a hash;
- `config: meta: attributes: true` of a table: the names of the setting `attributes` are columns of
  it. `attributes: custom`: they are keys of the JSON in its column `custom`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from containment.common.errors import Stop, one_line
from containment.settings.raw_reading import Reading

SCHEMA = "raw"
STAGING = "models/staging"  # a folder for each source
CONTRACT = "files"  # the source whose tables are the raw contract's own
IDENTITIES = "identities"  # no source of conversations: which customers of the sources are one
# What a column is in a view. Where the data of a table disagree, a time or a boolean is text.
TEXT, TIME, BOOLEAN = "varchar", "timestamp", "boolean"


@dataclass(frozen=True)
class Column:
    """A column of a view, and the column of the system's table that it is read from.

    `type` varchar: text. timestamp, boolean: as they are where the data have such a type, and else
    text, so that staging sees an offset and what cannot be read. Any other type: cast, null where
    the cast fails. `hashed`: an id of a person or a conversation (see hashed_ids).
    """

    name: str
    type: str = TEXT
    required: bool = False
    reads: str = ""
    hashed: bool = False
    value: str | None = None

    @property
    def is_time(self) -> bool:
        return self.type == TIME and self.value is None

    @property
    def is_id(self) -> bool:
        """Whether it names something, so that no digit of it may be lost."""
        return self.value is None and (self.name == "id" or self.name.endswith("_id"))


@dataclass(frozen=True, eq=False)  # each is itself, so that it can be a key
class Table:
    """A raw table of a source."""

    source: str
    name: str
    view: str
    columns: Mapping[str, Column]
    required: bool = False
    attributes: bool | str = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of the system's own table that are read, each once."""
        return tuple(dict.fromkeys(column.reads for column in self.columns.values()))

    @property
    def needs(self) -> tuple[str, ...]:
        """Those that must be there."""
        return tuple(column.reads for column in self.columns.values() if column.required)

    @property
    def times(self) -> tuple[str, ...]:
        """Those that must hold times."""
        return tuple(column.reads for column in self.columns.values() if column.is_time)


def yml(root: Path, source: str) -> Path:
    """Where a source declares its tables; identities belong to all sources and have no folder."""
    folder = root / STAGING if source == IDENTITIES else root / STAGING / source
    return folder / f"_{source}__sources.yml"


def declared(root: Path, source: str) -> tuple[Table, ...]:
    """Return the tables that a source declares, if any; raise Stop if its yml is wrong."""
    path = yml(root, source)
    if not path.is_file():
        return ()
    where = path.relative_to(root)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return tuple(
            _table(source, table)
            for entry in content["sources"]
            if entry["name"] == source
            for table in entry["tables"]
        )
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Stop(f"{where}: cannot be read ({one_line(error)})") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise Stop(
            f"{where}: not a declaration of raw tables ({type(error).__name__}: {error}); "
            "see CONTRIBUTING, 'add a source'"
        ) from None


def as_asked(tables: Sequence[Table], reading: Reading) -> tuple[Table, ...]:
    """Return the tables as the settings want them read: `attributes` and `raw_columns`.

    Raises Stop if raw_columns names a table or column that is not declared.
    """
    return _renamed([_with_attributes(table, reading.attributes) for table in tables], reading)


def _with_attributes(table: Table, names: Sequence[str]) -> Table:
    """The table with a column for each attribute, where it may have some."""
    if not table.attributes:
        return table
    added = {
        name: Column(name, reads=name)
        if table.attributes is True
        else Column(
            name,
            reads=str(table.attributes),
            value=f"json_extract_string(try_cast({table.attributes} as json), '$.\"{name}\"')",
        )
        for name in names
    }
    return replace(table, columns={**added, **table.columns})


def _renamed(tables: Sequence[Table], reading: Reading) -> tuple[Table, ...]:
    columns = reading.columns
    known = {table.name: table for table in tables}
    for name, names in columns.items():
        if name not in known:
            raise Stop(f"raw_columns: no table {name} (there are {', '.join(known)})")
        for ours in names:
            column = known[name].columns.get(ours)
            if column is None or column.value is not None:
                raise Stop(
                    f"raw_columns: {name} reads no column {ours} "
                    f"(it reads {', '.join(known[name].columns)})"
                )
    return tuple(
        replace(
            table,
            columns={
                name: replace(column, reads=columns.get(table.name, {}).get(name, column.reads))
                for name, column in table.columns.items()
            },
        )
        for table in tables
    )


def _table(source: str, entry: Mapping[str, Any]) -> Table:
    columns = [_column(column) for column in entry["columns"]]
    view = entry.get("identifier", entry["name"])
    if not view.startswith(f"{source}_"):
        raise KeyError(f"identifier: {source}_{entry['name']}")
    return Table(
        source=source,
        name=view.removeprefix(f"{source}_"),
        view=view,
        columns={column.name: column for column in columns},
        required=bool(_meta(entry).get("required")),
        attributes=_meta(entry).get("attributes", False),
    )


def _column(entry: Mapping[str, Any]) -> Column:
    meta = _meta(entry)
    return Column(
        name=entry["name"],
        type=entry.get("data_type", TEXT).lower(),
        required=bool(meta.get("required")),
        reads=meta.get("reads", entry["name"]),
        hashed=bool(meta.get("hashed")),
        value=meta.get("value"),
    )


def _meta(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return (entry.get("config") or {}).get("meta") or {}
