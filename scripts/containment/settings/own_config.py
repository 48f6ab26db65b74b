"""The folder config/: one's own settings and lookups, outside the files that the project tracks.

`find` says what is there; `lookups` reads the lookups.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from containment.common.errors import Stop, nearest, one_line, yaml_problem
from containment.common.places import absolute

FOLDER = "config"
SETTINGS = "settings.yml"
NOTES = "README.md"  # says why; a file that is hidden is of git or of a desktop


@dataclass(frozen=True)
class File:
    """A file of config/. `name`: as the user knows it, config/event_types.csv."""

    path: Path
    name: str


@dataclass(frozen=True)
class OwnConfig:
    """What config/ has. `lookups`: by their file below seeds/."""

    settings: File | None = None
    lookups: Mapping[str, File] = field(default_factory=dict)

    def described(self) -> str:
        """The names of its files, for the line that says the settings; '' when it has none."""
        files = [*([self.settings] if self.settings else []), *self.lookups.values()]
        return ", ".join(file.name for file in files)


def find(home: Path, typed: str | None, known: Collection[str]) -> OwnConfig:
    """Return what config/ (or the typed folder) has; Stop if it has unknown files."""
    folder = home / FOLDER if typed is None else absolute(typed, "--config")
    name = FOLDER if typed is None else typed.rstrip("/") or typed
    if typed is None and not os.path.lexists(folder):
        return OwnConfig()
    files = {
        below: File(folder / below, f"{name}/{below}") for below in sorted(_files(folder, name))
    }
    for below, file in files.items():
        if below != SETTINGS and below not in known:
            raise Stop(_unknown(below, file, known))
    return OwnConfig(
        settings=files.get(SETTINGS),
        lookups={below: file for below, file in files.items() if below != SETTINGS},
    )


def read_settings(file: File) -> dict[str, Any]:
    """Return the names and values of settings.yml; raise Stop if it cannot be read."""
    try:
        text = file.path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Stop(f"{file.name}: not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise Stop(f"{file.name}: cannot be read ({one_line(error)})") from None
    values = parse(text, file.name, "courtesy_minutes: 5")
    if values is not None and not isinstance(values, dict):
        raise Stop(f"{file.name}: names no setting; write e.g. courtesy_minutes: 5")
    return values or {}


def parse(text: str, origin: str, example: str) -> Any:
    """Take YAML that a user wrote, and its place; give what it says, Stop when it is none."""
    try:
        return yaml.load(text, Loader=_OnceLoader)
    except yaml.YAMLError as error:
        said = yaml_problem(error)
    except RecursionError:
        said = "not usable YAML: nested too deep"
    except ValueError as error:  # a date that there is not, or more digits than Python reads
        is_number = "digits" in str(error)
        said = f"not valid YAML: {'a number is too long' if is_number else 'there is no such date'}"
    raise Stop(f"{origin}: {said}; write e.g. {example}")


class _OnceLoader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML without names that stand twice, and without merges, which exhaust memory."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge nothing."""
        for name, _ in node.value:
            if name.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    problem="<< merges are not read, write the names out",
                    problem_mark=name.start_mark,
                )
        super().flatten_mapping(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Give the mapping of a node, whose names are all different."""
        names = [name for name, _ in node.value if isinstance(name.value, str)]
        seen: set[str] = set()
        for name in names:
            if name.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"{name.value} appears twice", problem_mark=name.start_mark
                )
            seen.add(name.value)
        return dict(super().construct_mapping(node, deep))


def _files(folder: Path, name: str) -> Iterator[str]:
    """The files of the folder and of the folders in it: as 'zendesk/zendesk_authors.csv'."""
    for entry in _entries(folder, name):
        if entry.is_dir() and Path(entry.name).suffix == "":
            for below in _entries(Path(entry.path), f"{name}/{entry.name}"):
                _check_file(below, f"{name}/{entry.name}/{below.name}")
                yield f"{entry.name}/{below.name}"
        else:
            _check_file(entry, f"{name}/{entry.name}")
            yield entry.name


def _entries(folder: Path, name: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return [each for each in found if not each.name.startswith(".") and each.name != NOTES]
    except FileNotFoundError:
        raise Stop(f"{name}: no such folder; check --config") from None
    except NotADirectoryError:
        raise Stop(f"{name}: not a folder; put {SETTINGS} and your lookups in one") from None
    except OSError as error:
        raise Stop(f"{name}: cannot be read ({one_line(error)})") from None


def _check_file(entry: os.DirEntry[str], name: str) -> None:
    # A pipe would be waited for, and a link may lead nowhere.
    if not entry.is_file():
        kind = "a folder" if entry.is_dir() else "no file"
        raise Stop(f"{name}: {kind}; put a file there, or take it away")


def _unknown(below: str, file: File, known: Collection[str]) -> str:
    names = sorted({SETTINGS, *known})
    # The right name in the wrong folder is the nearest.
    moved = [name for name in names if Path(name).name == Path(below).name]
    hint = f"; did you mean {moved[0]!r}?" if moved else nearest(below, names)
    return (
        f"{file.name}: no setting or lookup{hint} "
        f"(this folder takes {SETTINGS} and the lookups of seeds/); rename it, or take it away"
    )
