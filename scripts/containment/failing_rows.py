"""Keep the rows that failed a data test, for whoever looks in the morning."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import duckdb

from containment import sql, warehouse
from containment.places import Home

MOST_ROWS = 100_000  # of one test: enough to see what is wrong
# Older clients must be able to open the file.
STORAGE_VERSION = "v1.0.0"
KEPT = "failing_rows"  # the name under which the file is attached
CHECKS = "failed_checks"  # the column in which the project's generic tests name what a row failed
MOST_CHECKS = 5  # in a message


def keep(home: Home, tests: Mapping[str, str]) -> dict[str, str]:
    """Take the queries of the tests that failed, write what each gives to a table of its name.

    The file is begun anew. Gives the names of those that could be kept, each with the columns and
    checks that its rows failed ("outcome accepted_values; brand not_null"), where they say so.
    """
    if not tests or not home.warehouse.is_file():
        return {}
    kept = {}
    with suppress(duckdb.Error, OSError):  # without them the message says where the query is
        warehouse.delete(home.failing_rows)
        with duckdb.connect(str(home.warehouse)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(
                f"attach {sql.text(str(home.failing_rows))} as {KEPT} "
                f"(storage_version '{STORAGE_VERSION}')"
            )
            for name, query in tests.items():
                with suppress(duckdb.Error):
                    connection.execute(
                        f"create table {KEPT}.main.{sql.name(name)} as "
                        f"select * from (\n{query}\n) limit {MOST_ROWS}"
                    )
                    kept[name] = _checks(connection, name)
    return kept


def _checks(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """The checks that the kept rows of a test failed, most rows first; no value is among them."""
    table = f"{KEPT}.main.{sql.name(name)}"
    columns = connection.execute(f"describe {table}").fetchall()
    if CHECKS not in {column for column, *_ in columns}:
        return ""
    found = connection.execute(
        f"select said from (select unnest(string_split(rtrim({CHECKS}, '; '), '; ')) as said "
        f"from {table}) as failed group by said order by count(*) desc, said"
    ).fetchall()
    said = [check for (check,) in found[:MOST_CHECKS]]
    return "; ".join([*said, *([f"{len(found) - MOST_CHECKS} more"] * (len(found) > MOST_CHECKS))])
