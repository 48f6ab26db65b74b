"""What an assistant may ask of a publication: each question an answer that can be defended.

Each answer names its publication, its as_of and what data_quality warns of; a rate has its counts
beside it. A publication is opened anew for each question, as a nightly run may have switched it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from containment.build import findings
from containment.common.errors import Stop
from containment.common.places import MARTS
from containment.common.shown import cut, printable
from containment.common.warehouse import Config, memory_limit
from containment.query import alone, comparison, definitions, described, metrics, publication, units
from containment.query.comparison import Filters

Answer = dict[str, Any]
SECONDS = 30.0  # that a question may take
LIMIT, MOST_ROWS = 100, 1_000
MOST_CHARACTERS = 60_000  # of the rows of an answer, as JSON
LONGEST_TEXT = 200
LONGEST_QUESTION = 20_000
MEMORY: Config = {"memory_limit": "2GB"}  # unless CONTAINMENT_MEMORY_LIMIT says otherwise
SPILL: Config = {"max_temp_directory_size": "1GB"}


class Tools:
    """The questions. One at a time is answered: DuckDB has one configuration for a file.

    database gives the file of the publication that is asked; seconds: how long each may take.
    """

    def __init__(self, database: Callable[[], Path], seconds: float = SECONDS) -> None:
        self._database = database
        self._seconds = seconds
        self._one_at_a_time = threading.Lock()

    def list_metrics(self) -> Answer:
        """Give the metrics, what they can be grouped and filtered by, the rules, the marts."""
        with self._opened() as (connection, answer):
            known, dimensions = _known(connection)
            answer["metrics"] = [
                {
                    "name": each.name,
                    "description": each.description,
                    "of": each.model.mart,
                    **({"made_of": list(each.inputs)} if each.kind != "simple" else {}),
                }
                for each in known.values()
            ]
            answer["dimensions"] = [asdict(each) for each in dimensions]
            answer["rules"] = definitions.rules()
            marts = described.marts()
            there = connection.execute(
                "select table_name from duckdb_tables() where schema_name = ? order by 1", [MARTS]
            ).fetchall()
            answer["marts"] = {
                name: marts[name].description.split(". ")[0].split(":")[0]
                for (name,) in there
                if name in marts
            }
        return answer

    def define(self, word: str) -> Answer:
        """Give what a word means: a rule, a term, a metric, a dimension, a mart or a column."""
        with self._opened() as (connection, answer):
            found = definitions.of(word, *_known(connection))
            answer["definitions"] = [asdict(each) for each in found]
        return answer

    def query_metrics(
        self,
        names: Sequence[str],
        by: Sequence[str],
        filters: Filters,
        first: str | None,
        last: str | None,
        limit: int,
    ) -> Answer:
        """Give metrics, with the counts that they are made of, grouped and filtered."""
        if not names:
            raise Stop("no metric is asked for; name one of list_metrics")
        with self._opened() as (connection, answer):
            known, _ = _known(connection)
            asked = [metrics.known(known, name) for name in names]
            counts = [part for each in asked if each.kind != "simple" for part in each.inputs]
            where = comparison.condition(asked[0], filters, first, last)
            query = metrics.sql(known, list(dict.fromkeys([*names, *counts])), by, where)
            _fill(answer, connection, query, limit)
            if not any(value is not None for row in answer["rows"] for value in row.values()):
                answer["notes"].append("no row has these values; list them with run_sql")
        return answer

    def compare_periods(
        self,
        name: str,
        before: Sequence[str],
        after: Sequence[str],
        by: Sequence[str],
        filters: Filters,
        limit: int,
    ) -> Answer:
        """Give a metric in two periods, each two days, and whether its rates differ by chance."""
        earlier, later = (comparison.period(*_two(each)) for each in (before, after))
        with self._opened() as (connection, answer):
            known, _ = _known(connection)
            query = comparison.query(known, name, earlier, later, by, filters)
            _fill(answer, connection, query, limit)
            for row in answer["rows"]:
                said = comparison.verdict(name, row)
                if said is not None:
                    row |= {"includes_zero": "includes 0" in said, "verdict": said}
            answer["days"] = {"before": earlier.days, "after": later.days}
            as_of = answer["as_of"]
            if as_of is not None and str(later.last) >= as_of[:10]:
                answer["notes"].append("the later period was not over at as_of")
            if earlier.days != later.days:
                answer["notes"].append("the periods differ in length: compare rates, not counts")
        return answer

    def run_sql(self, query: str, limit: int) -> Answer:
        """Give the rows of one query over the marts."""
        if len(query) > LONGEST_QUESTION:
            raise Stop(f"the query is longer than {LONGEST_QUESTION:,} characters; ask for less")
        answer: Answer = alone.ask(
            run_sql,
            seconds=self._seconds,
            database=str(self._database()),
            query=query,
            limit=limit,
        )
        return answer

    def _run_sql(self, query: str, limit: int) -> Answer:
        with self._opened() as (connection, answer):
            statements = connection.extract_statements(query)
            if len(statements) != 1:
                raise Stop("not one query; ask one at a time")
            if statements[0].type != duckdb.StatementType.SELECT:
                raise Stop("nothing but a query is answered; ask with select, from or describe")
            _fill(answer, connection, query, limit)
        return answer

    @contextmanager
    def _opened(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Answer]]:
        """Open what is published now; an answer begins with what it is made of."""
        with self._one_at_a_time:
            database = self._database()
            config: Config = {**MEMORY, **memory_limit(), **SPILL}
            try:
                with publication.opened(database, config, self._seconds) as connection:
                    yield (
                        connection,
                        {
                            "publication": publication.name(database),
                            "as_of": publication.as_of(connection),
                            "warnings": [
                                {"source": each.source, "finding": each.finding, "says": each.line}
                                for each in findings.exceeded(connection)
                            ],
                            "notes": [],
                        },
                    )
            except duckdb.InterruptException:
                raise Stop(alone.too_long(self._seconds)) from None
            except duckdb.OutOfMemoryException:
                raise Stop("the query needs too much memory; ask for fewer days or rows") from None
            except duckdb.Error as error:
                raise Stop(publication.said(error)) from None


def run_sql(database: str, seconds: float, query: str, limit: int) -> Answer:
    """Give what the tool of this name does, in the process that calls it."""
    return Tools(lambda: Path(database), seconds)._run_sql(query, limit)


def _known(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[dict[str, metrics.Metric], list[described.Dimension]]:
    own = publication.attributes(connection, metrics.NARROW, metrics.WIDE)
    known = metrics.with_attributes(metrics.load(), list(own))
    return known, described.dimensions(known, own)


def _fill(answer: Answer, connection: duckdb.DuckDBPyConnection, query: str, limit: int) -> None:
    """Add the rows of a query to an answer: no more than the limit, and not too long."""
    if not 1 <= limit <= MOST_ROWS:
        raise Stop(f"limit is {limit}; give 1 to {MOST_ROWS:,}")
    relation = connection.sql(query)
    if relation is None:
        raise Stop("this gives no rows; ask with select, from or describe")
    columns = _told_apart(relation.columns)
    rows, length = [], 0
    found = relation.limit(limit + 1).fetchall()
    for values in found[:limit]:
        row: dict[str, Any] = {}
        for name, value in zip(columns, values, strict=True):
            row[name] = _plain(value)
            written = units.written(name, value)
            if written is not None:
                row[f"{name}_written"] = written
        length += len(json.dumps(row))
        if length > MOST_CHARACTERS:
            break
        rows.append(row)
    answer["rows"] = rows
    answer["is_complete"] = len(rows) == len(found)
    if len(rows) < len(found):
        answer["notes"].append(f"the first {len(rows)} rows; there are more")


def _plain(value: Any) -> Any:
    """A value as JSON has it: a text without control characters, and not too long."""
    match value:
        case None | bool() | int() | float():
            return value if not isinstance(value, float) or value == value else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case date() | time():
            return value.isoformat()
    return cut(printable(str(value)[: LONGEST_TEXT + 1]), LONGEST_TEXT)


def _told_apart(names: Sequence[str]) -> list[str]:
    """Names of columns, none of them twice."""
    found: list[str] = []
    for name in names:
        plain = cut(printable(name[: LONGEST_TEXT + 1]), LONGEST_TEXT)
        found.append(plain if plain not in found else f"{plain}_{len(found) + 1}")
    return found


def _two(days: Sequence[str]) -> tuple[str, str]:
    if len(days) != 2:
        raise Stop('a period is two days, its first and its last: ["2026-09-01", "2026-09-28"]')
    return days[0], days[1]
