"""scripts/query: ask the publication by SQL, by an analysis or by a metric."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import duckdb

from containment.commands import command_line
from containment.common import duckdb_words, sql
from containment.common.console import say
from containment.common.errors import Stop, nearest, one_line
from containment.common.places import DATABASE, MARTS, Home
from containment.common.shown import CUT, LONGEST_LINE, printable, quoted
from containment.query import analyses, metrics

AT_ONCE = 10_000  # rows that are fetched
MOST_ROWS = 40  # on a terminal
UNLIMITED = 2**31 - 1
DAMAGED = "damaged; scripts/publications --verify names those that are sound"


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
        statement = _listing(_metrics(home, publication))
    elif metric_names:
        if question:
            raise Stop("SQL and --metric are two questions; ask one")
        known = _metrics(home, publication, must_be=not show_sql)
        statement = metrics.sql(known, _names(metric_names), _names(by_names or ""), where)
    elif by_names or where:
        raise Stop("--by and --where go with --metric; add one (scripts/query --list names them)")
    else:
        statement = _statement(question)
    if xlsx_file is not None and form is not None:
        raise Stop(f"--xlsx and --{form} are two forms; ask for one")
    if show_sql:
        print(statement)
        return
    with opened(home.published, publication) as connection:
        _answer(connection, statement, form, None if xlsx_file is None else Path(xlsx_file))


@contextmanager
def opened(published: Path, name: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open what is published now, or the publication or export of a name: read-only, and without a
    way to any other file.
    """
    database = published / DATABASE if name is None else _database_of(published, name)
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
            connection.execute(f"set TimeZone = 'UTC'; set schema = '{MARTS}'")
            connection.execute("set enable_external_access = false; set lock_configuration = true")
            yield connection


def _database_of(published: Path, name: str) -> Path:
    """The database of a publication that is still there, or of an export."""
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
            from containment.query import spreadsheet  # here, for few have a use for its library

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


def _metrics(
    home: Home, publication: str | None, *, must_be: bool = False
) -> dict[str, metrics.Metric]:
    """The metrics, and what they go by: also the attributes of a publication.

    Where nothing is published there are none; must_be: then raise Stop.
    """
    if publication is None and not must_be and not (home.published / DATABASE).exists():
        return metrics.load()
    with opened(home.published, publication) as connection:
        return metrics.with_attributes(metrics.load(), attributes(connection))


def attributes(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What sessions_wide of a publication has beside the columns of sessions: its attributes."""
    rows = connection.execute(
        "select wide.column_name from duckdb_columns() as wide "
        "anti join (from duckdb_columns() where table_name = ?) as narrow using (column_name) "
        "where wide.table_name = ? order by wide.column_index",
        [metrics.NARROW, metrics.WIDE],
    ).fetchall()
    return [name for (name,) in rows]


def _listing(known: Mapping[str, metrics.Metric]) -> str:
    """A query whose rows are the metrics and the dimensions: shown in any form."""
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
    """DuckDB's own reason in one line, with its suggestions: all it quotes is published."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    hints = [line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))]
    if any('"pg_' in hint for hint in hints):  # no table of ours is like it
        hints = ['("show tables" lists the marts)']
    return " ".join([duckdb_words.KIND.sub("", lines[0], count=1), *hints])


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    command_line.run(command, "query")
