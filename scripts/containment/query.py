"""scripts/query: ask the publication by SQL, by an analysis or by a metric."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import duckdb

from containment import analyses, duckdb_words, metrics, publish, published_marts, sql
from containment.console import fail, say
from containment.errors import UNUSABLE, Stop, how_it_ended, one_line
from containment.places import PROJECT, Home, absolute
from containment.shown import CUT, LONGEST_LINE, printable

AT_ONCE = 10_000  # rows that are fetched
MOST_ROWS = 40  # on a terminal
UNLIMITED = 2**31 - 1
DAMAGED = "damaged; scripts/publications --verify names those that are sound"


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
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
@click.option("--show-sql", is_flag=True, help="Print the query instead of its answer.")
@click.option(
    "--home",
    metavar="DIR",
    envvar="CONTAINMENT_HOME",
    help="Where published/ lives (CONTAINMENT_HOME; default: the project).",
)
def command(
    question: str | None,
    metric_names: str | None,
    by_names: str | None,
    where: str | None,
    is_list: bool,
    form: str | None,
    xlsx_file: str | None,
    show_sql: bool,
    home: str | None,
) -> None:
    """Ask the current publication. It is opened read-only, and the question can read and write
    nothing else.

    SQL names marts with or without their schema: "from sessions limit 5". FILE.sql is one of
    analyses/. With --metric, the query is made of the semantic layer's definitions.
    """
    if is_list:
        statement = _listing()
    elif metric_names:
        if question:
            raise Stop("SQL and --metric are two questions; ask one")
        statement = metrics.sql(metrics.load(), _names(metric_names), _names(by_names or ""), where)
    elif by_names or where:
        raise Stop("--by and --where go with --metric; add one (scripts/query --list names them)")
    else:
        statement = _statement(question)
    if xlsx_file is not None and form is not None:
        raise Stop(f"--xlsx and --{form} are two forms; ask for one")
    if show_sql:
        print(statement)
        return
    folder = Home(absolute(home, "--home") if home else PROJECT).published
    with opened(folder) as connection:
        _answer(connection, statement, form, None if xlsx_file is None else Path(xlsx_file))


@contextmanager
def opened(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open what is published now: read-only, and without a way to any other file."""
    database = published / publish.DATABASE
    if not database.exists():
        raise Stop(f"{published}: nothing is published here; run scripts/nightly, or check --home")
    with tempfile.TemporaryDirectory(prefix="containment-query-") as spill:
        try:
            connection = duckdb.connect(
                os.path.realpath(database), read_only=True, config={"temp_directory": spill}
            )
        except duckdb.Error as error:
            if duckdb_words.is_damage(str(error)):
                raise Stop(f"{database}: {DAMAGED}") from None
            raise Stop(f"{database}: cannot be opened ({one_line(error)})") from None
        with connection:
            connection.execute(f"set TimeZone = 'UTC'; set schema = '{published_marts.SCHEMA}'")
            connection.execute("set enable_external_access = false; set lock_configuration = true")
            yield connection


def _statement(question: str | None) -> str:
    if question is None:
        raise Stop("no question; give SQL, a file of analyses/ or --metric (see --help)")
    if question == "-":
        return sys.stdin.read()
    if question.endswith(".sql") and len(question.split()) == 1:
        return analyses.render(Path(question))
    return question


def _answer(
    connection: duckdb.DuckDBPyConnection, statement: str, form: str | None, xlsx: Path | None
) -> None:
    if any("\ud800" <= each <= "\udfff" for each in statement):
        raise Stop("the question is not UTF-8 text; ask it in UTF-8")
    try:
        if len(connection.extract_statements(statement)) != 1:
            raise Stop("not one query; ask one at a time")
        if form is None and xlsx is None:
            _show(connection.sql(statement))
            return
        cursor = connection.execute(statement)
        columns = [column[0] for column in cursor.description or ()]
        if xlsx is not None:
            from containment import spreadsheet  # here, for few have a use for its library

            count = spreadsheet.write(xlsx, columns, _rows(cursor))
            say(f"{xlsx}: {count:,} {'row' if count == 1 else 'rows'}")
        elif form == "csv":  # values as they are: it is for programs
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(map(_plain, row) for row in _rows(cursor))
        else:
            found = [dict(zip(columns, row, strict=True)) for row in _rows(cursor)]
            print(json.dumps(found, default=_jsonable))
    except duckdb.Error as error:
        if duckdb_words.is_damage(str(error)):
            raise Stop(f"the publication is {DAMAGED}") from None
        raise Stop(_said(error)) from None


def _show(answer: duckdb.DuckDBPyRelation | None) -> None:
    """As DuckDB's own shell: cut to the terminal; every row where there is none."""
    if answer is None:
        raise Stop("this gives no rows; ask with select, from, describe or summarize")
    is_terminal = sys.stdout.isatty()
    drawn = io.StringIO()
    with redirect_stdout(drawn):
        _without_long_texts(answer).show(
            max_width=shutil.get_terminal_size().columns if is_terminal else UNLIMITED,
            max_rows=MOST_ROWS if is_terminal else UNLIMITED,
        )
    # DuckDB escapes the control characters of ASCII, but not what turns writing round.
    print("\n".join(map(printable, drawn.getvalue().split("\n"))), end="")


def _without_long_texts(answer: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The same rows; a text of megabytes would be a table as wide."""
    shortened = (
        f"case when length(#{place}) > {LONGEST_LINE} "
        f"then left(#{place}, {LONGEST_LINE - 1}) || '{CUT}' else #{place} end"
        if str(kind) == "VARCHAR"
        else f"#{place}"
        for place, kind in enumerate(answer.types, start=1)
    )
    named = zip(shortened, answer.columns, strict=True)
    return answer.project(", ".join(f"{value} as {sql.name(name)}" for value, name in named))


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[Sequence[Any]]:
    while rows := cursor.fetchmany(AT_ONCE):
        yield from rows


def _plain(value: Any) -> Any:
    """As DuckDB writes it into csv."""
    return str(value).lower() if isinstance(value, bool) else value


def _jsonable(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def _listing() -> str:
    """A query whose rows are the metrics and the dimensions: shown in any form."""
    known = metrics.load()
    lines = [("metric", metric.name, metric.description) for metric in known.values()]
    lines += [("dimension", name, "") for name in metrics.dimensions(known)]
    rows = ", ".join(
        "({})".format(", ".join("'" + text.replace("'", "''") + "'" for text in line))
        for line in lines
    )
    return f"select * from (values {rows}) as listed (kind, name, description)"


def _names(written: str) -> list[str]:
    return [name.strip() for name in written.split(",") if name.strip()]


def _said(error: duckdb.Error) -> str:
    """DuckDB's reason in one line, with the names that it holds for near.

    In its own words: they stay on the terminal, and all that they quote is published.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    hints = [line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))]
    return " ".join([duckdb_words.KIND.sub("", lines[0], count=1), *hints])


def main() -> None:
    """Run the command line; an error is one line."""
    try:
        sys.exit(command.main(prog_name="scripts/query", standalone_mode=False) or 0)
    except BrokenPipeError:  # whoever read the answer has seen enough
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.ClickException as error:
        fail(f"{' '.join(error.format_message().split())} (see scripts/query --help)")
        sys.exit(UNUSABLE)
    except (Stop, OSError) as error:
        known = how_it_ended(error)
        if known is None:
            raise
        fail(known[1][0])
        sys.exit(known[0])
