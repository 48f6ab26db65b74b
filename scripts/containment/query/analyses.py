"""Analyses (the questions in analyses/*.sql) as SQL that runs on a publication, without dbt.

An analysis is written for dbt: it names marts by ref() and calls the project's own macros. Both
are plain Jinja, so that a reader of a publication needs neither dbt nor the warehouse. Of the
settings it may name by var() those that say what is shown; no number of a mart depends on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from containment.common.errors import Stop, one_line
from containment.common.places import MARTS, PROJECT
from containment.settings.values import PLAIN

FOLDER = "analyses"


def render(path: Path, project: Path = PROJECT, settings: Mapping[str, Any] | None = None) -> str:
    """Take the file of an analysis, give its SQL; Stop where it is none, or needs dbt itself.

    `settings`: values of var(), in place of the defaults.
    """
    try:
        return render_text(path.read_text(encoding="utf-8"), project, settings)
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(f"{path}: cannot be read ({one_line(error)})") from None
    except jinja2.TemplateError as error:
        raise Stop(f"{path}: not an analysis of this project ({one_line(error)})") from None


def render_text(
    written: str, project: Path = PROJECT, settings: Mapping[str, Any] | None = None
) -> str:
    """Take SQL with ref() and the project's macros, give it without."""
    return str(_environment(project, settings or {}).from_string(written).render()).strip()


def _environment(project: Path, settings: Mapping[str, Any]) -> jinja2.Environment:
    """Jinja with ref() and the macros of the project, as dbt gives them to an analysis."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, extensions=["jinja2.ext.do"])
    environment.globals["ref"] = lambda mart: f"{MARTS}.{mart}"
    environment.globals["var"] = lambda name: settings.get(name, PLAIN[name].default)
    environment.globals["return"] = lambda value: value  # what dbt's macros give back with
    environment.globals["adapter"] = _Adapter(environment)
    for path in sorted((project / "macros").rglob("*.sql")):
        environment.globals[path.stem] = _Macros(environment, path)
    return environment


class _Macros:
    """The macros of one file, which is read when the first of them is called."""

    def __init__(self, environment: jinja2.Environment, path: Path) -> None:
        self._environment = environment
        self._path = path

    def __call__(self, *values: Any, **named: Any) -> str:
        return str(self.of_name(self._path.stem)(*values, **named))

    def of_name(self, name: str) -> Any:
        """One macro of the file."""
        found = self._environment.from_string(self._path.read_text(encoding="utf-8"))
        return getattr(found.module, name)


class _Adapter:
    """dbt's way to a macro's variant for an engine: a publication is read by DuckDB."""

    def __init__(self, environment: jinja2.Environment) -> None:
        self._environment = environment

    def dispatch(self, name: str, *_: str) -> Any:
        """The macro's variant for DuckDB, or the one for every engine."""
        macros = self._environment.globals[name]
        assert isinstance(macros, _Macros)
        try:
            return macros.of_name(f"duckdb__{name}")
        except AttributeError:
            return macros.of_name(f"default__{name}")
