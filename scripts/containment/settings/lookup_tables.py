"""A lookup as its seed's yml declares it, and the rows of one of its files, checked.

The yml says what a row must be, so that a new lookup needs no Python:

- `config: meta: key: [source, event_type]`: no two rows have the same. A seed without a key is no
  lookup: the sample's raw tables have none;
- `config: meta: replaces: [brand]`: a row of config/ takes the place of all the project's rows with
  the same brand. Without it: of the row with the same key;
- `config: meta: moves_numbers: false`: it is no part of the rules' version;
- the arguments of its data tests `key` and `sound_rows`, and the columns' types in `column_types`;
- `config: meta: case: lower` of a column: models look for words in lower case, and would never find
  another one. `case: any`: words that differ in nothing else are the same.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from containment.common.errors import Stop, nearest, one_line
from containment.common.shown import quoted

FOLDER = "seeds"
INTEGER, DOUBLE, BOOLEAN = "integer", "double", "boolean"
LOWER, ANY_CASE = "lower", "any"
WHOLE_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
OTHER_DELIMITERS = ";\t|"
# What an error repeats of a row; anything else could be the name or the address of a person.
WORD = re.compile(r"[\w.:*/#+ -]{0,40}")


@dataclass(frozen=True)
class Column:
    """What the values of a column must be. `low` and `high` are the bounds of a number."""

    name: str
    type: str = "string"
    is_needed: bool = False
    words: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    case: str = ""

    def problem(self, value: str) -> str | None:
        """What is wrong with a value, and what to do; None when nothing is."""
        if value != value.strip():
            return f"{self.name} begins or ends with a blank; take it away"
        if value == "" or value == "null":  # dbt takes both for nothing
            return f"{self.name} is blank; fill it in" if self.is_needed else None
        if self.case == LOWER and value != value.lower():
            return f"{self.name} is {_shown(value)}; write it in lower case"
        if self.words and value not in self.words:
            return f"{self.name} is {_shown(value)}; write {_one_of(self.words)}"
        if self.type == BOOLEAN and value not in ("true", "false"):
            return f"{self.name} is {_shown(value)}; write true or false"
        if self.type in (INTEGER, DOUBLE):
            pattern = WHOLE_NUMBER if self.type == INTEGER else NUMBER
            if not pattern.fullmatch(value) or not self.low <= float(value) <= self.high:
                return f"{self.name} is {_shown(value)}; write {self._number()}"
        return None

    def same(self, value: str) -> str:
        """The value as it is compared with those of other rows."""
        return value.lower() if self.case == ANY_CASE else value

    def _number(self) -> str:
        kind = "a whole number" if self.type == INTEGER else "a number"
        low = f" from {self.low:g}" if self.low > -math.inf else ""
        return kind + low + (f" to {self.high:.15g}" if self.high < math.inf else "")


@dataclass(frozen=True)
class Lookup:
    """A lookup. `file` is its path below seeds/, and below config/: zendesk/zendesk_authors.csv."""

    file: str
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    replaces: tuple[str, ...]

    def key_of(self, row: Row) -> tuple[str, ...]:
        """What no other row of a file may have."""
        return self._values(row, self.key)

    def replaced_by(self, row: Row) -> tuple[str, ...]:
        """What the project's rows have of which a row of config/ takes the place."""
        return self._values(row, self.replaces)

    def _values(self, row: Row, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.columns[name].same(row.values[name]) for name in names)


@dataclass(frozen=True)
class Row:
    """A row of a lookup. `where` is its file and line, as the user knows them."""

    where: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Content:
    """The rows of a lookup."""

    header: tuple[str, ...]
    rows: Sequence[Row] = field(default_factory=tuple)


def declared(root: Path) -> dict[str, Lookup]:
    """Take the project folder, give its lookups by their file; Stop when a yml is wrong."""
    found: dict[str, Lookup] = {}
    for path in sorted((root / FOLDER).rglob("*.yml")):
        where = path.relative_to(root)
        try:
            content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) or {}
            for entry in content.get("seeds") or ():
                if "key" in _meta(entry):
                    file = path.with_name(f"{entry['name']}.csv").relative_to(root / FOLDER)
                    found[file.as_posix()] = _lookup(file.as_posix(), entry)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise Stop(f"{where}: cannot be read ({one_line(error)})") from None
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise Stop(
                f"{where}: not a declaration of a lookup ({type(error).__name__}: {error}); "
                "see CONTRIBUTING, 'add a lookup'"
            ) from None
    return found


def read(lookup: Lookup, file: Path, where: str) -> Content:
    """Return the rows of a lookup's file in seeds/; raise Stop at the first wrong one."""
    content = _read(lookup, file, where, tuple(lookup.columns))
    _check(lookup, content)
    return content


def read_own(lookup: Lookup, file: Path, where: str, header: Collection[str]) -> Content:
    """Return the rows of a lookup's file in config/; raise Stop at the first wrong one.

    Columns that may be blank may be missing; a column that the project's file lacks stops the run.
    """
    needed = [name for name, column in lookup.columns.items() if column.is_needed]
    content = _read(lookup, file, where, tuple(dict.fromkeys((*lookup.key, *needed))))
    known = [*header]
    for name in content.header:
        if name not in known:
            raise Stop(
                f"{where}: no column {quoted(name)} in this lookup{nearest(name, known)} "
                f"(its columns: {', '.join(known)})"
            )
    _check(lookup, content)
    return content


def merged(lookup: Lookup, project: Content, own: Content) -> Content:
    """The project's rows, and in the place of some of them, or beside them, one's own."""
    replaced = {lookup.replaced_by(row) for row in own.rows}
    kept = [row for row in project.rows if lookup.replaced_by(row) not in replaced]
    return Content(project.header, (*kept, *own.rows))


def write(content: Content, file: Path) -> None:
    """Write the rows as dbt reads a seed."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(content.header)
        for row in content.rows:
            writer.writerow(row.values.get(name, "") for name in content.header)


# --- the declaration -----------------------------------------------------------------------------

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C, where PyYAML was built with it


def _lookup(file: str, entry: Mapping[str, Any]) -> Lookup:
    types = (entry.get("config") or {}).get("column_types") or {}
    described = {column["name"]: column for column in entry.get("columns") or ()}
    tests = dict(map(_test, entry.get("data_tests") or ()))
    columns = {
        name: _column(name, described.get(name, {}), types.get(name, "string"), tests)
        for name in dict.fromkeys((*described, *types))
    }
    key = tuple(_meta(entry)["key"])
    replaces = tuple(_meta(entry).get("replaces", key))
    unknown = [name for name in (*key, *replaces) if name not in columns]
    if unknown:
        raise KeyError(f"key: {unknown[0]}")
    return Lookup(file, columns, key, replaces)


def _column(
    name: str, entry: Mapping[str, Any], kind: str, tests: Mapping[str, Mapping[str, Any]]
) -> Column:
    asked = tests.get("sound_rows", {})
    needed = (*tests.get("key", {}).get("columns", ()), *asked.get("not_null", ()))
    low, high = asked.get("between", {}).get(name, (-math.inf, math.inf))
    return Column(
        name=name,
        type=kind,
        is_needed=name in needed,
        words=tuple(map(str, asked.get("accepted_values", {}).get(name, ()))),
        low=float(low),
        high=float(high),
        case=_meta(entry).get("case", ""),
    )


def _test(entry: Any) -> tuple[str, Mapping[str, Any]]:
    """The name of a data test and its arguments."""
    if isinstance(entry, str):
        return entry, {}
    [(name, given)] = ((name, given) for name, given in entry.items() if name != "name")
    return name, (given or {}).get("arguments") or {}


def _meta(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return (entry.get("config") or {}).get("meta") or {}


# --- the rows ------------------------------------------------------------------------------------


def _read(lookup: Lookup, file: Path, where: str, needed: Sequence[str]) -> Content:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = tuple(next((cells for cells in reader if cells), ()))
            _check_header(where, header, needed)
            rows = []
            for cells in reader:
                if not cells:
                    continue
                line = f"{where} line {reader.line_num}"
                if len(cells) != len(header):
                    raise Stop(
                        f"{line}: {len(cells)} values in {len(header)} columns; "
                        "write as many as the header names"
                    )
                rows.append(Row(line, dict(zip(header, cells, strict=True))))
            return Content(header, tuple(rows))
    except FileNotFoundError:
        raise Stop(f"{where}: not found; restore it") from None
    except UnicodeDecodeError:
        raise Stop(f"{where}: not UTF-8 text; save it as UTF-8") from None
    except csv.Error:
        raise Stop(
            f"{where}: a quote that does not end; write a quote inside quotes twice"
        ) from None
    except OSError as error:
        raise Stop(f"{where}: cannot be read ({one_line(error)})") from None


def _check_header(where: str, header: Sequence[str], needed: Sequence[str]) -> None:
    if len(header) == 1:
        for delimiter in OTHER_DELIMITERS:
            if delimiter in header[0]:
                raise Stop(f"{where}: values are separated by {quoted(delimiter)}; write commas")
    for column in needed:
        if column not in header:
            found = ", ".join(header) or "none"
            raise Stop(f"{where}: no column {column}; add it (found: {found})")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise Stop(f"{where}: the column {quoted(twice)} appears twice; keep one")


def _check(lookup: Lookup, content: Content) -> None:
    """Stop at the first row with a wrong value, or with the key of an earlier one."""
    columns = [column for name, column in lookup.columns.items() if name in content.header]
    seen: dict[tuple[str, ...], Row] = {}
    for row in content.rows:
        for column in columns:
            problem = column.problem(row.values[column.name])
            if problem:
                raise Stop(f"{row.where}: {problem}")
        first = seen.setdefault(lookup.key_of(row), row)
        if first is not row:
            line = first.where.rpartition(" line ")[2]
            raise Stop(
                f"{row.where}: {' and '.join(lookup.key)} as in line {line}; keep one row of both"
            )


def _shown(value: str) -> str:
    return repr(value) if WORD.fullmatch(value) else "something else"


def _one_of(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
