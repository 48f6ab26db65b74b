"""Keep the rows that failed a data test, for whoever looks in the morning."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import duckdb

from containment.common import sql, warehouse
from containment.common.places import Home

MOST_ROWS = 100_000  # of one test: enough to see what is wrong
KEPT = "failing_rows"  # the name under which the file is attached
CHECKS = "failed_checks"  # the column in which the project's generic tests name what a row failed
MOST_CHECKS = 5  # in a message


def keep(home: Home, tests: Mapping[str, str]) -> dict[str, str]:
    """Write the rows of each failed test (name, query) to a table of its name, in a new file.

    The file of an earlier build goes, also if no test failed: its rows may be sound by now.
    Return the names of the tables written, each with the columns and checks that failed, as far as
    the test names them: "outcome accepted_values; brand not_null".
    """
    kept: dict[str, str] = {}
    with suppress(duckdb.Error, OSError):  # without them the message says where the query is
        warehouse.delete(home.failing_rows)
        if not tests or not home.warehouse.is_file():
            return kept
        with duckdb.connect(str(home.warehouse)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(
                f"attach {sql.text(str(home.failing_rows))} as {KEPT} "
                f"(storage_version '{warehouse.OLDEST_STORAGE}')"
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
