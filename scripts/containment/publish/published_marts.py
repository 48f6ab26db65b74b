"""The marts as tables of the database file that readers open: written in full, or patched.

Patching needs no rule of what a night can change. Every row of a mart is hashed, in the warehouse
and in the copy of the last file; where the hashes of a group of conversations differ, the rows that
differ are replaced. Then the patched table is hashed as well: it holds the mart's rows, or the file
is written in full.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from containment.common import sql, warehouse
from containment.common.errors import is_no_room, one_line
from containment.common.places import MARTS

COPY = "publication"  # the name under which the new file is attached
# A mart that has this column is patched by groups of conversations; any other one is replaced.
GROUPED_BY = "conversation_id"
# A group holds a few conversations, by the rows of the largest mart: its messages.
ROWS_PER_GROUP, FEWEST_GROUPS, MOST_GROUPS = 32, 2**10, 2**24
# A mart with more differing groups than this share is replaced: that takes less.
MOST_DIFFERING = 0.3
# Of the room that the rows take in a file written in full.
MOST_GROWTH = 1.2
ALL = "0"  # one group
SIZE = "raw.night_whole_publication"  # in the warehouse: what the last one took

Columns = Mapping[str, Sequence[tuple[str, str]]]  # of each mart: name and type


@dataclass(frozen=True)
class Written:
    """What was written: the rows of each mart; for each one that changed, the parts that did (None:
    all); and a few words on how.
    """

    rows: Mapping[str, int]
    changed: Mapping[str, set[str] | None]
    how: str


@dataclass(frozen=True)
class _Sum:
    """The number of rows of a table, and the sum of their hashes."""

    rows: int
    hashes: int


class NoMarts(Exception):
    """There is nothing to publish."""


class _BetterWhole(Exception):
    """The file is better written in full; says why."""


def columns(connection: duckdb.DuckDBPyConnection, database: str | None = None) -> Columns:
    """The marts of an attached database, by default the warehouse, with their columns in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for mart, column, kind in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = coalesce(?, current_database()) and schema_name = ? "
        "order by table_name, column_index",
        [database, MARTS],
    ).fetchall():
        found.setdefault(mart, []).append((column, kind))
    return found


def write(
    connection: duckdb.DuckDBPyConnection,
    target: Path,
    base: Path | None,
    parts: Mapping[str, str],
) -> Written:
    """Write the warehouse's marts to a new file, which stays attached as COPY.

    base: a sound publication's file to copy and patch. parts: for some marts, the expression of a
    row's part. Raises NoMarts, duckdb.Error or OSError.
    """
    marts = columns(connection)
    if not marts:
        raise NoMarts
    connection.execute("set preserve_insertion_order = true")
    # Rows that were replaced leave holes, which only a checkpoint that may do so closes.
    connection.execute("reset max_vacuum_tasks")
    # DuckDB 1.1 cannot follow metadata that a patch leaves where an earlier checkpoint wrote it.
    connection.execute("set experimental_metadata_reuse = false")
    why = "no sound publication to patch"
    if base is not None:
        try:
            shutil.copyfile(base, target)
            return _patched(connection, marts, target, parts)
        except _BetterWhole as error:
            why = str(error)
        except duckdb.Error as error:  # whatever it is, it must not keep each later night from it
            if is_no_room(str(error)):
                raise
            why = one_line(error)
        connection.execute(f"detach database if exists {COPY}")
        warehouse.delete(target)
    return _whole(connection, marts, target, why)


def close(connection: duckdb.DuckDBPyConnection) -> None:
    """Close the file that was written."""
    connection.execute(f"detach {COPY}")


def _attach(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    connection.execute(
        f"attach {sql.text(str(target))} as {COPY} (storage_version '{warehouse.OLDEST_STORAGE}')"
    )


def _whole(
    connection: duckdb.DuckDBPyConnection, marts: Columns, target: Path, why: str
) -> Written:
    _attach(connection, target)
    connection.execute(f"create schema {COPY}.{MARTS}")
    for mart in marts:
        _replace(connection, mart)
    _finish(connection)
    rows = {mart: sql.count(connection, built(mart)) for mart in marts}
    connection.execute(
        f"create schema if not exists raw; create or replace table {SIZE} as "
        f"select {target.stat().st_size} as byte_count, {sum(rows.values())} as row_count"
    )
    return Written(rows, dict.fromkeys(marts), f"written in full: {why}")


def _patched(
    connection: duckdb.DuckDBPyConnection,
    marts: Columns,
    target: Path,
    parts: Mapping[str, str],
) -> Written:
    """Replace what differs in the copy; _BetterWhole when that is no way."""
    most_bytes_a_row = _most_bytes_a_row(connection)
    _attach(connection, target)
    there = columns(connection, COPY)
    group = _group(connection)
    sums: dict[str, _Sum] = {}
    changed: dict[str, set[str] | None] = {}
    patched: list[str] = []
    for mart, here in marts.items():
        grouped = group if any(column == GROUPED_BY for column, _ in here) else ALL
        sums[mart] = _sum(connection, built(mart), here, "new_sums", grouped)
        if there.get(mart) != here:
            changed[mart] = None
            continue
        if sums[mart] == _sum(connection, copied(mart), here, "old_sums", grouped):
            continue
        changed[mart] = None
        if grouped != ALL and _find_differing_groups(connection):
            _collect_rows(connection, mart, here, grouped)
            patched.append(mart)
            if mart in parts:
                changed[mart] = _parts(connection, mart, parts[mart])
    # What goes, before what comes: the room of the one is then the other's.
    staying = {mart for mart in marts if mart not in changed or mart in patched}
    for mart in there.keys() - staying:
        connection.execute(f"drop table {copied(mart)}")
    for mart in patched:
        connection.execute(
            f"delete from {copied(mart)} where rowid in (select id from {_gone(mart)})"
        )
    connection.execute(f"checkpoint {COPY}")
    for mart in changed:
        if mart in patched:
            connection.execute(f"insert into {copied(mart)} by name from {_come(mart)}")
        else:
            _replace(connection, mart)
    _finish(connection)
    for mart in changed:
        if _sum(connection, copied(mart), marts[mart], "sums", ALL) != sums[mart]:
            raise _BetterWhole(f"{mart} would not be what was built")
    rows = {mart: each.rows for mart, each in sums.items()}
    if target.stat().st_size > most_bytes_a_row * sum(rows.values()):
        raise _BetterWhole("a patched one would take too much room")
    return Written(rows, changed, f"patched: {len(changed)} of {len(marts)} marts changed")


def _finish(connection: duckdb.DuckDBPyConnection) -> None:
    _copy_comments(connection)
    # By itself, for of one that fails when the file is detached DuckDB does not say why.
    connection.execute(f"checkpoint {COPY}")


def _most_bytes_a_row(connection: duckdb.DuckDBPyConnection) -> float:
    """How many bytes a row may take, by the last file that was written in full."""
    try:
        byte_count, row_count = connection.execute(
            f"select byte_count, row_count from {SIZE}"
        ).fetchall()[0]
    except duckdb.CatalogException:
        raise _BetterWhole("a new warehouse") from None
    return float(MOST_GROWTH * byte_count / max(row_count, 1))


# --- what differs --------------------------------------------------------------------------------


def _group(connection: duckdb.DuckDBPyConnection) -> str:
    """The expression of a row's group."""
    (rows,) = sql.one(
        connection,
        "select coalesce(max(estimated_size), 0) from duckdb_tables() "
        f"where database_name = '{COPY}'",
    )
    groups = 2 ** (rows // ROWS_PER_GROUP).bit_length()
    return f"(hash({GROUPED_BY}) & {min(max(groups, FEWEST_GROUPS), MOST_GROUPS) - 1})"


def _sum(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    here: Sequence[tuple[str, str]],
    name: str,
    group: str,
) -> _Sum:
    """Hash all rows of a relation into a temporary table, by group; give the sum of all."""
    connection.execute(
        f"create or replace temp table {name} as select {group} as group_number, "
        f"count(*) as row_count, sum({_row_hash(here)}::hugeint) as hashes "
        f"from {relation} group by group_number"
    )
    rows, hashes = connection.execute(
        f"select coalesce(sum(row_count), 0), coalesce(sum(hashes), 0) from {name}"
    ).fetchall()[0]
    return _Sum(int(rows), int(hashes))


def _find_differing_groups(connection: duckdb.DuckDBPyConnection) -> bool:
    """List the groups that differ; whether they are few enough to patch them."""
    connection.execute(
        "create or replace temp table differing as select group_number "
        "from new_sums full join old_sums using (group_number) "
        "where new_sums.row_count is distinct from old_sums.row_count "
        "or new_sums.hashes is distinct from old_sums.hashes"
    )
    differing, groups = connection.execute(
        "select (select count(*) from differing), (select count(*) from new_sums)"
    ).fetchall()[0]
    return bool(differing <= MOST_DIFFERING * groups)


def _collect_rows(
    connection: duckdb.DuckDBPyConnection, mart: str, here: Sequence[tuple[str, str]], group: str
) -> None:
    """Of the groups that differ, take the rows that go and those that come."""
    # The same row may be there several times: it has a number each time.
    rows = (
        f"select {{}}, {_row_hash(here)} as row_hash, "
        "row_number() over (partition by row_hash) as row_copy "
        f"from {{}} where {group} in (select group_number from differing)"
    )
    for name, query in (
        ("old_rows", rows.format("rowid as id", copied(mart))),
        ("new_rows", rows.format(_listed(here), built(mart))),
        (_gone(mart), "select * from old_rows anti join new_rows using (row_hash, row_copy)"),
        (
            _come(mart),
            f"select {_listed(here)} from new_rows anti join old_rows using (row_hash, row_copy)",
        ),
    ):
        connection.execute(f"create or replace temp table {name} as {query}")


def _parts(connection: duckdb.DuckDBPyConnection, mart: str, expression: str) -> set[str]:
    """The parts of a mart in which rows go or come."""
    rows = connection.execute(
        f"select {expression} from {_come(mart)} union select {expression} from {copied(mart)} "
        f"where rowid in (select id from {_gone(mart)})"
    ).fetchall()
    return {part for (part,) in rows}


def _row_hash(here: Sequence[tuple[str, str]]) -> str:
    # Hashed twice: the last column alone is hardly mixed, and in a sum two rows that swap a value
    # would cancel each other out.
    return f"hash(hash({_listed(here)}))"


def _listed(here: Sequence[tuple[str, str]]) -> str:
    return ", ".join(sql.name(column) for column, _ in here)


# --- tables --------------------------------------------------------------------------------------


def built(mart: str) -> str:
    """A mart in the warehouse."""
    return f"{MARTS}.{sql.name(mart)}"


def copied(mart: str) -> str:
    """A mart in the file that is written."""
    return f"{COPY}.{MARTS}.{sql.name(mart)}"


def _gone(mart: str) -> str:
    return sql.name(f"gone from {mart}")


def _come(mart: str) -> str:
    return sql.name(f"come to {mart}")


def _replace(connection: duckdb.DuckDBPyConnection, mart: str) -> None:
    connection.execute(f"create table {copied(mart)} as select * from {built(mart)}")


def _copy_comments(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the marts the comments that they have in the warehouse, where theirs are others."""
    (here,) = sql.one(connection, "select current_database()")
    there = _comments(connection, COPY)
    for (mart, column), comment in _comments(connection, here).items():
        if there.get((mart, column)) != comment:
            kind, name = (
                ("table", copied(mart))
                if column is None
                else ("column", f"{copied(mart)}.{sql.name(column)}")
            )
            connection.execute(
                f"comment on {kind} {name} is {'null' if comment is None else sql.text(comment)}"
            )


def _comments(
    connection: duckdb.DuckDBPyConnection, database: str
) -> dict[tuple[str, str | None], str | None]:
    """The comments on the marts of a database and on their columns."""
    of_marts = f"database_name = {sql.text(database)} and schema_name = {sql.text(MARTS)}"
    rows = connection.execute(
        f"select table_name, null, comment from duckdb_tables() where {of_marts} "
        f"union all select view_name, null, comment from duckdb_views() where {of_marts} "
        f"union all select table_name, column_name, comment from duckdb_columns() where {of_marts}"
    ).fetchall()
    return {(mart, column): comment for mart, column, comment in rows}
