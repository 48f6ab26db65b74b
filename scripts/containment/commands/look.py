"""What a night would make of raw data: their columns, their words, and the rows it cannot use.

Of what the rows hold, only keys, words of lists and times are told, never a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from containment.build import dbt_run
from containment.common import sql, warehouse
from containment.common.clock import Clock
from containment.common.errors import UNUSABLE, Stop
from containment.common.places import PROJECT, Home
from containment.common.shown import shown
from containment.publish import headline
from containment.raw import find, inspection, views
from containment.raw.views import RawData
from containment.settings import lookups, source_yml
from containment.settings.lookups import ANY, CHANNELS, EVENT_TYPES, Lookups
from containment.settings.raw_places import Place, Schema
from containment.settings.settings import Settings
from containment.settings.source_yml import BOOLEAN, SCHEMA, TEXT, TIME, Column, Table

# Seeds, and the views over the raw tables up to where the lookups have said what words mean.
SELECTED = (
    *("resource_type:seed", f"path:{source_yml.STAGING}"),
    *("int_mapped_conversations", "int_mapped_events"),
)
MOST_ROWS = 1_000_000  # of a table: seconds, not minutes
MOST_WORDS = 40
FEW_WORDS = 10  # more unknown author types are no list of words, but perhaps names
EXAMPLES = 3
MOST_NAMES = 20
NAME = re.compile(r"[^\W\d][\w .-]{0,40}")  # a key of JSON may be an address or a text
READ = {
    "parquet": "read_parquet({})",
    "csv": "read_csv({}, header = true, all_varchar = true, sample_size = 100)",
    "tsv": "read_csv({}, header = true, all_varchar = true, sample_size = 100)",
    "json": "read_json({}, maximum_depth = 1, sample_size = 100)",  # and .jsonl, .ndjson
}
# The tables of the raw contract: the columns that tell where a row is, and its own time.
CONTRACT: Mapping[str, tuple[tuple[str, ...], str]] = {
    "conversations": (("conversation_id",), "created_at"),
    "messages": (("conversation_id", "message_id"), "sent_at"),
    "events": (("conversation_id", "event_id"), "occurred_at"),
    "ratings": (("conversation_id", "rating_id"), "rated_at"),
    "claims": (("conversation_id", "claim_id"), "claimed_at"),
}


@dataclass(frozen=True)
class Found:
    """What was found of a source, with at most MOST_ROWS of each of its tables."""

    source: str
    place: Place
    tables: Sequence[Table]
    raw: RawData


def look(home: Home, temporary: Home, given: Settings, words: Lookups) -> Iterator[str]:
    """Yield what there is to say; raise Stop if a night could read no table, or use no message."""
    clock = Clock()
    temporary.warehouse_folder.mkdir(parents=True)
    found = [
        _inspected(home, temporary, source, place, given, words)
        for source, place in given.places.items()
    ]
    with warehouse.opened(temporary.warehouse) as connection:
        for each in found:
            views.write_views(each.raw, connection)
        views.write_notes([each.raw for each in found], connection)
        for each in found:
            yield from _tables(each, connection)
    outcome = dbt_run.build(
        lookups.place_project(PROJECT, words, temporary),
        temporary,
        dbt_run.DUCKDB,
        given.dbt_vars(),
        select=SELECTED,
        tests=False,
    )
    if outcome.exit_code:
        raise Stop("the raw data cannot be read", UNUSABLE, outcome.failures)
    with warehouse.opened(temporary.warehouse) as connection:
        yield from _event_types(connection)
        yield from _channels(connection)
        yield from _author_types(connection)
        yield from _rows(connection)
        yield from _rejected(connection)
        yield ""
        yield f"looked at in {clock}; nothing is written"
        _check_usable(connection, given.places)


def _inspected(
    home: Home, temporary: Home, source: str, place: Place, given: Settings, words: Lookups
) -> Found:
    if isinstance(place, Schema) and place.database is None:
        # The views are in another warehouse: to it this one is a database like any other.
        place = Schema(place.schema, str(home.warehouse))
        given = replace(given, places={**given.places, source: place})
    # A salt of the look's own, gone with it: one in the home would be written there.
    raw = inspection.inspect(temporary, source, given, words, salt_of=temporary)
    few = {
        view: f"select * from ({select}) limit {MOST_ROWS}" for view, select in raw.selects.items()
    }
    tables = source_yml.as_asked(source_yml.declared(PROJECT, source), given.reading[source])
    return Found(source, place, tables, replace(raw, selects=few))


def _tables(found: Found, connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """The tables of a source: their files, and their columns with what each is read as."""
    yield f"{found.source}: {found.raw.described}"
    for table in found.tables:
        yield ""
        files = _files(found, table)
        if files == []:
            yield f"{table.name}: not there, and not required"
            continue
        relation = f"{SCHEMA}.{sql.name(table.view)}"
        rows = sql.count(connection, relation)
        yield f"{table.name} ({_where(found, files)}): {_many(rows)}"
        header = ("column", "read from", "type there", "read as", "filled")
        yield from headline.table(header, list(_columns(found, table, rows, connection)), texts=4)
        yield from _unread(table, files, connection)
        yield from _unreadable(found, table)
    proposals = found.raw.proposals
    if proposals:
        yield ""
        yield f"settings that would read more of {found.source}:"
        yield from (f"  {line}" for line in proposals)


def _columns(
    found: Found, table: Table, rows: int, connection: duckdb.DuckDBPyConnection
) -> Iterator[tuple[str, ...]]:
    """Each column of a table: what it is read from, what it is there, and how much of it is."""
    relation = f"{SCHEMA}.{sql.name(table.view)}"
    kinds = {name: kind for name, kind, *_ in _all(connection, f"describe {relation}")}
    counted = ", ".join(f"count({sql.name(name)})" for name in kinds)
    filled = sql.one(connection, f"select {counted} from {relation}")
    looked_at = found.raw.columns
    theirs = {(column.table, column.name): column for column in looked_at}
    for (name, kind), count in zip(kinds.items(), filled, strict=True):
        column = theirs.get((table.name, name))
        is_there = bool(column and column.types) or not looked_at
        reads = column.reads if column else table.columns[name].reads
        yield (
            name + (" (required)" if table.columns[name].required else ""),
            _shown(reads) if is_there else "not there",
            ", ".join(column.types) if column else "",
            _read_as(table.columns[name], kind),
            f"{headline.percent(count, rows)} %" if rows else "-",
        )


def _unreadable(found: Found, table: Table) -> Iterator[str]:
    """The first lines of the files that are no rows; each is rejected."""
    lines = [each for each in found.raw.unreadable if each.table == table.name]
    for each in lines[:EXAMPLES]:
        yield f"{_shown(Path(each.file).name)} line {each.line}: {each.reason}, rejected"
    if len(lines) > EXAMPLES:
        yield f"... and {len(lines) - EXAMPLES:,} more lines"


def _read_as(column: Column, kind: str) -> str:
    """What a column is taken for; times and booleans that are text are read by the models."""
    means = {TIME: "time", BOOLEAN: "yes or no", TEXT: "text"}.get(column.type, "number")
    return f"{means}, written as text" if means != "text" and kind.lower() == TEXT else means


def _files(found: Found, table: Table) -> list[Path] | None:
    """The files of a table; None where its rows are in a database."""
    if isinstance(found.place, Schema):
        return None
    return [file.path for file in find.find(found.place.path, table, [])]


def _where(found: Found, files: Sequence[Path] | None) -> str:
    if files is None:
        return str(found.place)
    more = f" and {len(files) - EXAMPLES} more" if len(files) > EXAMPLES else ""
    return ", ".join(_shown(file.name) for file in files[:EXAMPLES]) + more


def _unread(
    table: Table, files: Sequence[Path] | None, connection: duckdb.DuckDBPyConnection
) -> Iterator[str]:
    """The columns of the first file that are not read: one may have another name than ours."""
    names: list[str] = []
    for file in (files or ())[:1]:
        reading = next((READ[kind] for kind in READ if f".{kind}" in file.name.lower()), None)
        if reading:
            with suppress(duckdb.Error):  # a look at names: the file itself has been checked
                query = f"describe from {reading.format(sql.path(file))}"
                names = [row[0] for row in connection.execute(query).fetchall()]
    read = {name.lower() for name in table.reads}
    unread = [name for name in names if name.lower() not in read]
    told = [name for name in unread if NAME.fullmatch(name)][:MOST_NAMES]
    if unread:
        more = f" and {len(unread) - len(told)} more" if len(unread) > len(told) else ""
        yield f"not read: {', '.join(told)}{more}"


def _many(rows: int) -> str:
    if rows == MOST_ROWS:
        return f"the first {rows:,} rows are looked at"
    return f"{rows:,} {'row' if rows == 1 else 'rows'}"


# --- the words -----------------------------------------------------------------------------------


def _event_types(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    found = connection.execute(
        "select source, event_type, any_value(boundary), count(*) "
        "from intermediate.int_mapped_events where event_type is not null "
        "group by source, event_type order by any_value(boundary) is not null, 4 desc, 1, 2"
    ).fetchall()
    header = ("source", "event type", "ends a session as", "rows")
    shown = [
        (source, _shown(word), "unknown: ends nothing" if boundary is None else boundary, rows)
        for source, word, boundary, rows in found
    ]
    yield from _listed("event types", header, shown, texts=3)
    yield from _to_paste(
        f"config/{EVENT_TYPES}, with resolved, escalated or none at the end",
        "source,event_type,boundary",
        [(source, word, "") for source, word, boundary, _ in found if boundary is None],
    )


def _channels(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    found = connection.execute(
        "select channel, bool_or(has_channel_policy), any_value(timeout_us) // 60000000, count(*) "
        "from intermediate.int_mapped_conversations where channel is not null "
        "group by channel order by 2, 4 desc, 1"
    ).fetchall()
    header = ("channel", "timeout in minutes", "rows")
    shown = [
        (_shown(channel), minutes if is_known else f"unknown: {minutes}", rows)
        for channel, is_known, minutes, rows in found
    ]
    yield from _listed("channels", header, shown, texts=2)
    yield from _to_paste(
        f"config/{CHANNELS}, with the minutes of silence that end a session",
        "channel,timeout_minutes",
        # A row for `*` would be that of every other channel, and not of the one that is named so.
        [(channel, "") for channel, is_known, *_ in found if not is_known and channel != ANY],
    )


def _author_types(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    found = connection.execute(
        "select source, author_type, reject_reason = 'unknown_author_type', count(*) "
        "from staging.stg_messages where author_type is not null "
        "group by all order by 1, 4 desc, 2"
    ).fetchall()
    unknown = [row for row in found if row[2]]
    known = [(source, word, rows) for source, word, is_unknown, rows in found if not is_unknown]
    if len(unknown) <= FEW_WORDS:
        known += [
            (source, f"{_shown(word)}: unknown, rejected", n) for source, word, _, n in unknown
        ]
    else:
        rows = sum(row[3] for row in unknown)
        known.append(("", f"{len(unknown):,} unknown ones, rejected", rows))
    merged: dict[tuple[str, str], int] = {}
    for source, word, rows in known:
        merged[source, word] = merged.get((source, word), 0) + rows
    shown = [(source, word, rows) for (source, word), rows in merged.items()]
    yield from _listed("author types of messages", ("source", "author type", "rows"), shown, 2)


def _listed(
    title: str, header: Sequence[str], rows: Sequence[tuple[object, ...]], texts: int
) -> Iterator[str]:
    yield ""
    yield f"{title}:" if rows else f"{title}: none"
    if rows:
        yield from headline.table(header, rows[:MOST_WORDS], texts=texts)
    if len(rows) > MOST_WORDS:
        yield f"... and {len(rows) - MOST_WORDS:,} more"


def _to_paste(where: str, header: str, rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Rows of a lookup that the user completes."""
    if not rows:
        return
    yield ""
    yield f"to paste into {where}:"
    yield header
    for row in rows[:MOST_WORDS]:
        yield ",".join(_cell(value) for value in row)


def _cell(value: str) -> str:
    """A value as csv has it."""
    shown = _shown(value)
    return f'"{shown.replace(chr(34), chr(34) * 2)}"' if any(c in shown for c in ',"') else shown


# --- the rows ------------------------------------------------------------------------------------


def _rows(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    shown = []
    for table, (_, time) in CONTRACT.items():
        for source, rows, rejected, oldest, newest in connection.execute(
            f"select source, count(*), count(reject_reason), min({time}), max({time}) "
            f"from staging.stg_{table} group by source order by source"
        ).fetchall():
            times = (
                (f"{oldest:%Y-%m-%d %H:%M}", f"{newest:%Y-%m-%d %H:%M}") if oldest else ("-",) * 2
            )
            shown.append((f"{source} {table}", *times, rows, rejected))
    header = ("rows of", "oldest (UTC)", "newest (UTC)", "read", "rejected")
    yield from _listed("rows", header, shown, texts=3)


def _rejected(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Each reason with its rows, and the keys of a few."""
    shown = []
    for table, (keys, _) in CONTRACT.items():
        named = ", ".join(keys)
        for source, reason, rows in connection.execute(
            f"select source, reject_reason, count(*) from staging.stg_{table} "
            "where reject_reason is not null group by all order by 3 desc, 1, 2"
        ).fetchall():
            examples = connection.execute(
                f"select {named} from staging.stg_{table} where source = ? and reject_reason = ? "
                f"order by all limit {EXAMPLES}",
                [source, reason],
            ).fetchall()
            told = "; ".join(" / ".join(_shown(key) for key in row) for row in examples)
            shown.append((f"{source} {table}", reason, told, rows))
    if shown:
        header = ("rejected", "reason", "conversation / id, for instance", "rows")
        yield from _listed("rows that cannot be used", header, shown, texts=3)


def _check_usable(connection: duckdb.DuckDBPyConnection, places: Mapping[str, Place]) -> None:
    """Stop when a source has messages, and none can be used."""
    for source, reason, rows in connection.execute(
        "select source, mode(reject_reason), count(*) from staging.stg_messages "
        "group by source having count(*) = count(reject_reason) order by source"
    ).fetchall():
        if source in places:
            raise Stop(
                f"{source}: none of {rows:,} messages can be used (mostly {reason}); see above"
            )


def _all(connection: duckdb.DuckDBPyConnection, query: str, *values: object) -> list[Any]:
    return connection.execute(query, values).fetchall()


def _shown(value: str | None) -> str:
    """A word or a key for the terminal."""
    return "-" if value is None else shown(value)
