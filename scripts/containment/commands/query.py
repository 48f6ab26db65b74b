"""scripts/query: ask the publication by SQL, by an analysis or by a metric."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import duckdb

from containment.commands import command_line
from containment.common import sql
from containment.common.console import say
from containment.common.errors import Stop, nearest
from containment.common.places import DATABASE, Home
from containment.common.shown import quoted
from containment.query import analyses, described, drawn, metrics
from containment.query.publication import attributes, name, opened, said

AT_ONCE = 10_000  # rows that are fetched
MOST_ROWS = 40  # on a terminal
NO_ROWS = "this gives no rows; ask with select, from, describe or summarize"


@click.command(
    context_settings=command_line.CONTEXT,
    epilog="Exit codes: 0 answered; 2 a wrong question, or nothing is published.",
)
@click.argument("question", required=False, metavar="[SQL | FILE.sql | -]")
@click.option("--metric", "metric_names", metavar="NAMES", help="Metrics, with commas between.")
@click.option(
    "--by", "by_names", metavar="NAMES", help="What they are grouped by: 'channel,week', say."
)
@click.option(
    "--where", metavar="SQL", help="Which sessions: \"channel = 'chat' and day >= '2026-09-01'\"."
)
@click.option("--list", "is_list", is_flag=True, help="The metrics, and what they go by.")
@click.option("--csv", "form", flag_value="csv", help="CSV with a header, for programs.")
@click.option("--json", "form", flag_value="json", help="An array of objects on stdout.")
@click.option(
    "--xlsx",
    "xlsx_file",
    metavar="FILE.xlsx",
    help="A spreadsheet for people, in this file.",
)
@click.option(
    "--html", "html_file", metavar="FILE.html", help="A page to send or print, in this file."
)
@click.option(
    "--publication",
    metavar="NAME",
    help="An earlier publication, or an export of one (scripts/publications), in place of the "
    "current one.",
)
@click.option("--show-sql", is_flag=True, help="Print the query instead of its answer.")
@command_line.home("Where published/ lives")
def command(
    question: str | None,
    metric_names: str | None,
    by_names: str | None,
    where: str | None,
    is_list: bool,
    form: str | None,
    xlsx_file: str | None,
    html_file: str | None,
    publication: str | None,
    show_sql: bool,
    home: Home,
) -> None:
    """Ask the current publication, or an earlier one. It is opened read-only, and the question can
    read and write nothing else.

    SQL names marts with or without their schema: "from sessions limit 5". FILE.sql is one of
    analyses/. With --metric, the query is made of the semantic layer's definitions.
    """
    if is_list:
        statement = _listing(*known_metrics(home, publication))
    elif metric_names:
        if question:
            raise Stop("SQL and --metric are two questions; ask one")
        known, _ = known_metrics(home, publication, must_be=not show_sql)
        statement = metrics.sql(known, _names(metric_names), _names(by_names or ""), where)
    elif by_names or where:
        raise Stop("--by and --where go with --metric; add one (scripts/query --list names them)")
    else:
        statement = _statement(question)
    forms = [
        *([f"--{form}"] if form else []),
        *(["--xlsx"] if xlsx_file is not None else []),
        *(["--html"] if html_file is not None else []),
    ]
    if len(forms) > 1:
        raise Stop(f"{forms[-1]} and {forms[0]} are two forms; ask for one")
    if show_sql:
        print(statement)
        return
    database = database_of(home.published, publication)
    with opened(database) as connection:
        try:
            _check(connection, statement)
            if xlsx_file is not None:
                _write_spreadsheet(connection, statement, Path(xlsx_file))
            elif html_file is not None:
                _write_page(connection, statement, Path(html_file), name(database))
            elif form is not None:
                _print(connection.execute(statement), form)
            else:
                _show(connection.sql(statement))
        except duckdb.Error as error:
            raise Stop(said(error)) from None
        except RuntimeError:  # what a signal becomes in DuckDB's hands
            raise KeyboardInterrupt from None


def database_of(published: Path, name: str | None) -> Path:
    """The database file of what is published now, or of the publication or export of a name."""
    if name is None:
        return published / DATABASE
    from containment.publish import exported, publish  # here, for few ask for an earlier one

    if name in publish.names(published):
        return publish.versions(published) / name / DATABASE
    export = exported.folder(published, name)
    if not export.is_dir():
        known = [*publish.names(published), *exported.names(published)]
        raise Stop(
            f"no publication {quoted(name)}{nearest(name, known)} (scripts/publications lists them)"
        )
    return export / exported.COPY / DATABASE


def _statement(question: str | None) -> str:
    if question is None:
        raise Stop("no question; give SQL, a file of analyses/ or --metric (see --help)")
    if question == "-":
        return sys.stdin.read()
    if question.endswith(".sql") and len(question.split()) == 1:
        return analyses.render(Path(question))
    return question


def _check(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    if any("\ud800" <= each <= "\udfff" for each in statement):
        raise Stop("the question is not UTF-8 text; ask it in UTF-8")
    if len(connection.extract_statements(statement)) != 1:
        raise Stop("not one query; ask one at a time")


def _print(cursor: duckdb.DuckDBPyConnection, form: str) -> None:
    """For programs: every value as it is."""
    columns = [column[0] for column in cursor.description or ()]
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(map(_plain, row) for row in _rows(cursor))
    else:
        found = [dict(zip(columns, row, strict=True)) for row in _rows(cursor)]
        print(json.dumps(found, default=jsonable))


def _write_spreadsheet(connection: duckdb.DuckDBPyConnection, statement: str, file: Path) -> None:
    from containment.query import spreadsheet  # here, for few have a use for its library

    cursor = connection.execute(statement)
    columns = [column[0] for column in cursor.description or ()]
    _say_written(file, spreadsheet.write(file, columns, _rows(cursor)))


def _write_page(
    connection: duckdb.DuckDBPyConnection, statement: str, file: Path, publication: str
) -> None:
    from containment.query import web_page  # here, for few have a use for its library

    answer = connection.sql(statement)
    if answer is None:
        raise Stop(NO_ROWS)
    _say_written(file, web_page.write(file, answer, statement, publication))


def _say_written(file: Path, count: int) -> None:
    say(f"{file}: {count:,} {'row' if count == 1 else 'rows'}")


def _show(answer: duckdb.DuckDBPyRelation | None) -> None:
    """As wide as the terminal; every row, and all of it, where there is none."""
    if answer is None:
        raise Stop(NO_ROWS)
    is_terminal = sys.stdout.isatty()
    columns, is_more = drawn.columns(answer, MOST_ROWS if is_terminal else None)
    room = shutil.get_terminal_size().columns if is_terminal else None
    for line in drawn.lines(columns, room):
        print(line)
    if is_more:
        print(f"the first {MOST_ROWS} rows; --csv gives all")


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[Sequence[Any]]:
    while rows := cursor.fetchmany(AT_ONCE):
        yield from rows


def _plain(value: Any) -> Any:
    """As DuckDB writes it into csv."""
    return str(value).lower() if isinstance(value, bool) else value


def jsonable(value: Any) -> Any:
    """A value that JSON has no type for, as one that it has."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def known_metrics(
    home: Home, publication: str | None, *, must_be: bool = False
) -> tuple[dict[str, metrics.Metric], dict[str, str]]:
    """The metrics, with the attributes of a publication that they also go by, described.

    Where nothing is published there are none; must_be: then raise Stop.
    """
    database = database_of(home.published, publication)
    if publication is None and not must_be and not database.exists():
        return metrics.load(), {}
    with opened(database) as connection:
        found = attributes(connection, metrics.NARROW, metrics.WIDE)
    return metrics.with_attributes(metrics.load(), list(found)), found


def _listing(known: Mapping[str, metrics.Metric], own: Mapping[str, str]) -> str:
    """A query whose rows are the metrics and the dimensions: shown in any form."""
    rows = [("metric", each.name, each.model.mart, each.description) for each in known.values()]
    rows += [
        ("dimension", each.name, ", ".join(each.marts), each.description)
        for each in described.dimensions(known, own)
    ]
    values = ", ".join(f"({', '.join(map(sql.text, row))})" for row in rows)
    return f"select * from (values {values}) as listed (kind, name, of, description)"


def _names(written: str) -> list[str]:
    return [name.strip() for name in written.split(",") if name.strip()]


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    command_line.run(command, "query")
