"""Make the page out of a publication."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from containment.build import findings
from containment.common.console import warn
from containment.common.errors import Stopped, where_raised
from containment.common.places import PROJECT
from containment.common.shown import line
from containment.query import analyses
from containment.report import formats
from containment.report.charts import Drawing
from containment.report.sections import HEADLINE, SECTIONS, Section

TEMPLATES = Path(__file__).parent
INSTEAD = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Containment</title>'
    "<p>The report could not be made this time; the figures beside it are complete. "
    "The log of the run says why.</p></html>\n"
)


@dataclass
class Answer:
    """A section with what its query gave."""

    section: Section
    sql: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    table: formats.Table | None = None
    drawings: list[Drawing] = field(default_factory=list)
    failure: str | None = None

    @property
    def query(self) -> str:
        """The command that shows the same numbers."""
        return f"scripts/query {self.section.query.relative_to(PROJECT)}"

    @property
    def rows_query(self) -> str | None:
        """The command that shows the rows behind them."""
        rows = self.section.rows
        return None if rows is None else f"scripts/query {shlex.quote(rows)}"

    def named(self) -> list[dict[str, Any]]:
        """The rows, each value by its column."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def made(database: Path, name: str) -> str:
    """Return the page for a published database; it says what cannot be shown."""
    try:
        return render(database, name)
    except Exception as error:  # whatever it is, the figures themselves are sound
        _raise_signal(error)
        warn(f"report: could not be made ({where_raised(error)})")
        return INSTEAD


def render(database: Path, name: str) -> str:
    """The page; an error where it cannot be made as a whole."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        headline = _answer(connection, HEADLINE)
        answers = [_answer(connection, section) for section in SECTIONS]
        warnings = _warnings(connection)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["percent"] = formats.percent
    environment.filters["interval"] = formats.interval
    settings = next((each for each in answers if each and each.section.is_one_row), None)
    return environment.get_template("page.html.jinja").render(
        css=(TEMPLATES / "page.css").read_text(encoding="utf-8"),
        headline=headline,
        figures=headline.named()[0] if headline and headline.rows else None,
        settings=settings.named()[0] if settings and settings.rows else None,
        answers=[each for each in answers if each],
        warnings=warnings,
        publication=name,
    )


def _warnings(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What stands above the headline; nothing where the mart is not there, or an older one."""
    try:
        return [line(f"{each.line} ({each.finding})") for each in findings.exceeded(connection)]
    except (duckdb.CatalogException, duckdb.BinderException):
        return []


def _answer(connection: duckdb.DuckDBPyConnection, section: Section) -> Answer | None:
    """Ask the question of a section; None where its mart is not there."""
    answer = Answer(section, "")
    try:
        answer.sql = analyses.render(section.query)
        cursor = connection.execute(answer.sql)
        answer.columns = [column[0] for column in cursor.description or ()]
        answer.rows = cursor.fetchall()
        if section.is_one_row and answer.rows:
            answer.table = formats.transposed(answer.columns, answer.rows[0])
        else:
            answer.table = formats.table(answer.columns, answer.rows, section.bar)
        answer.drawings = [drawn for chart in section.charts if (drawn := chart(answer.named()))]
    except duckdb.CatalogException:
        return None
    except Exception as error:  # one section less is better than no page
        _raise_signal(error)
        answer.failure = line(where_raised(error))
        warn(f"report: {section.title!r} could not be made ({answer.failure})")
    return answer


def _raise_signal(error: Exception) -> None:
    """In DuckDB's hands a signal becomes DuckDB's error: that one ends the run."""
    if Stopped.received is not None:
        raise error
