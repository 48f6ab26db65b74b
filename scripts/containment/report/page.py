"""Make the page out of a publication."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import jinja2

from containment.build import findings
from containment.common.console import warn
from containment.common.errors import Stopped, where_raised
from containment.common.places import PROJECT
from containment.common.shown import line
from containment.query import analyses
from containment.report import charts, cubes, facts, formats, tiles
from containment.report.sections import DATA, HEADLINE, OVERVIEW, SCORES, TILES, Section
from containment.report.tiles import View

Made = TypeVar("Made")
HERE = Path(__file__).parent
SCRIPTS = ("counts.js", "views.js", "words.js", "page.js")
INSTEAD = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Containment</title>'
    "<p>The report could not be made this time; the figures beside it are complete. "
    "The log of the run says why.</p></html>\n"
)


@dataclass
class Answer:
    """A section with what its query gave."""

    section: Section
    sql: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    table: formats.Table | None = None
    drawings: list[tuple[charts.Chart, str]] = field(default_factory=list)
    failure: str | None = None

    @property
    def query(self) -> str:
        """The command that shows the same numbers."""
        return f"scripts/query {self.section.query.relative_to(PROJECT)}"

    @property
    def rows_query(self) -> str | None:
        """The command that shows the rows behind them."""
        rows = self.section.rows
        return None if rows is None else f"scripts/query {_quoted(rows)}"

    @property
    def is_shown(self) -> bool:
        """Whether the section has anything to say."""
        return bool(self.rows or self.failure or self.section.empty is not None)

    def named(self) -> list[dict[str, Any]]:
        """The rows, each value by its column."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def made(database: Path, name: str, view: View | None = None) -> str:
    """Return the page for a published database; it says what cannot be shown."""
    try:
        return render(database, name, view or View())
    except Exception as error:  # whatever it is, the figures themselves are sound
        _raise_signal(error)
        warn(f"report: could not be made ({where_raised(error)})")
        return INSTEAD


def render(database: Path, name: str, view: View) -> str:
    """The page; an error where it cannot be made as a whole."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        asked = {
            section: _answer(connection, section, view)
            for section in (HEADLINE, TILES, SCORES, *OVERVIEW, *DATA)
        }
        found = {each.section.name: each.named() for each in asked.values() if each}
        span = facts.span(connection, view)
        marks = facts.marks(connection, view, found)
        for answer in asked.values():
            if answer is not None:
                _draw(answer, marks)
        warnings = _warnings(connection)
        estimate = facts.rows(connection, "durable_estimate", view)
        counts = _safely("filters", lambda: facts.counts(connection, span, view, found)) or {}
    library = _safely("charts in the browser", charts.library)
    script = "".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["percent"] = formats.percent
    environment.filters["interval"] = formats.interval
    environment.filters["points"] = formats.points
    figures, settings = (
        answer.named()[0] if (answer := asked[section]) and answer.rows else None
        for section in (HEADLINE, DATA[-1])
    )
    top = [answer for section in (TILES, SCORES) if (answer := asked[section])]
    return environment.get_template("page.html.jinja").render(
        css=(HERE / "page.css").read_text(encoding="utf-8"),
        script=script,
        library=cubes.packed(library) if library else "",
        hashes=[_hash(text) for text in (script, library) if text],
        counts=counts,
        headline=asked[HEADLINE],
        figures=figures,
        settings=settings,
        top=top,
        tiles=tiles.tiles(
            [row for each in top for row in each.named()],
            view.targets,
            span["to"],
            has_earlier=span["has_earlier"],
        ),
        estimate=estimate[0] if estimate else None,
        span=span,
        tabs=[
            [
                answer
                for section in tab
                if (answer := asked[section])
                and (answer.is_shown or (section.follows and counts.get("attributes")))
            ]
            for tab in (OVERVIEW, DATA)
        ],
        warnings=warnings,
        publication=name,
    )


def _answer(connection: duckdb.DuckDBPyConnection, section: Section, view: View) -> Answer | None:
    """Ask the question of a section; None where its mart is not there."""
    answer = Answer(section)
    try:
        answer.sql = analyses.render(section.query, settings={"report_days": view.days})
        cursor = connection.execute(answer.sql)
        answer.columns = [column[0] for column in cursor.description or ()]
        answer.rows = cursor.fetchall()
        if section.is_one_row and answer.rows:
            answer.table = formats.transposed(answer.columns, answer.rows[0])
        else:
            answer.table = formats.table(answer.columns, answer.rows, section.bar, section.names)
    except duckdb.CatalogException:
        return None
    except Exception as error:  # one section less is better than no page
        _fail(answer, error)
    return answer


def _draw(answer: Answer, marks: Mapping[str, charts.Rows]) -> None:
    """Draw the charts of a section."""
    try:
        if answer.failure is None and (answer.rows or answer.section.follows):
            answer.drawings = [  # where there is nothing yet, the script needs the place
                (chart, charts.svg(chart, answer.named(), marks) if answer.rows else "")
                for chart in charts.declared().get(answer.section.name, ())
            ]
    except Exception as error:
        _fail(answer, error)


def _warnings(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What stands above the headline; nothing where the mart is not there, or an older one."""
    try:
        return [line(f"{each.line} ({each.finding})") for each in findings.exceeded(connection)]
    except (duckdb.CatalogException, duckdb.BinderException):
        return []


def _quoted(text: str) -> str:
    """Quote for the shell: by double quotes where it sees nothing in them, else by single ones."""
    is_plain = "'" in text and not set(text).intersection('"$`\\!')
    return f'"{text}"' if is_plain else shlex.quote(text)


def _hash(text: str) -> str:
    """A script that may run, for the page's policy: no other does."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _safely(what: str, make: Callable[[], Made]) -> Made | None:
    """What a function gives; None and a warning where it fails."""
    try:
        return make()
    except Exception as error:
        _raise_signal(error)
        warn(f"report: {what} could not be made ({line(where_raised(error))})")
        return None


def _fail(answer: Answer, error: Exception) -> None:
    _raise_signal(error)
    answer.failure = line(where_raised(error))
    warn(f"report: {answer.section.title!r} could not be made ({answer.failure})")


def _raise_signal(error: Exception) -> None:
    """In DuckDB's hands a signal becomes DuckDB's error: that one ends the run."""
    if Stopped.received is not None:
        raise error
