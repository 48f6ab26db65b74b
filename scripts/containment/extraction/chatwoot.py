"""Chatwoot's tables from its PostgreSQL server: new and changed rows, by updated_at and id."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import dlt
import sqlalchemy
from dlt.sources.sql_database import sql_table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from containment.common.console import say
from containment.common.errors import Stop
from containment.common.places import PROJECT
from containment.extraction import landing
from containment.settings import source_yml
from containment.settings.source_yml import Table

SYSTEM = "chatwoot"
CREDENTIALS = "sources.chatwoot.credentials"
VARIABLE = "SOURCES__CHATWOOT__CREDENTIALS"
DRIVER = "postgresql+psycopg2"
LOADED_AT = "loaded_at"  # ours, not Chatwoot's
# Few rows, which may also be deleted: read whole each time. All others only grow.
WHOLE = ("inboxes", "accounts", "agent_bot_inboxes", "captain_inboxes")
# A transaction can end minutes after the time that its rows carry; rows that are read twice are
# duplicates, which the night settles.
SECONDS_READ_AGAIN = 900
CHUNK = 50_000
# Of these JSON columns, which also hold addresses and subjects, nothing but these keys is read.
KEYS = {
    "content_attributes": ("automation_rule_id", "external_echo"),
    "additional_attributes": ("campaign_id",),
}
# What Postgres says of a connection or a right, word for word.
REASONS = (
    "Connection refused",
    "password authentication failed",
    "could not translate host name",
    "no pg_hba.conf entry",
    "timeout expired",
    "permission denied",
    "does not exist",
    "server closed the connection unexpectedly",
    "SSL",
)


def extract(folder: Path, *, full: bool, loaded_at: datetime) -> dict[str, int]:
    """Load Chatwoot into `folder`/chatwoot, give the rows of each table."""
    url = landing.secret(CREDENTIALS, VARIABLE, "postgresql://reader:...@host:5432/chatwoot")
    try:
        address = make_url(url)
        if address.drivername in ("postgres", "postgresql"):  # else it is another driver's name
            address = address.set(drivername=DRIVER)
        engine = sqlalchemy.create_engine(address)
    except (ArgumentError, ValueError, ImportError):
        raise Stop(f"{VARIABLE}: not a database address; write postgresql://...") from None
    where = f"Chatwoot's database ({engine.url.host}:{engine.url.port or 5432})"
    with landing.told_in_one_line(where, str(address.password or ""), url):
        try:
            resources = [
                _resource(engine, table, columns, loaded_at) for table, columns in _readable(engine)
            ]
            source = dlt.source(lambda: resources, name=SYSTEM)()
            return landing.load(landing.pipeline(SYSTEM, folder), source, full=full)
        except SQLAlchemyError as error:
            raise Stop(f"{where}: {_reason(error)}") from None
        finally:
            engine.dispose()


def _reason(error: SQLAlchemyError) -> str:
    """What keeps Postgres from answering; its own text could quote a row."""
    cause = getattr(error, "orig", None) or error
    said = str(cause)
    known = next((words for words in REASONS if words in said), None)
    return known or f"cannot be read ({type(cause).__name__})"


def _readable(engine: sqlalchemy.Engine) -> list[tuple[Table, list[str]]]:
    """The tables that staging reads, with those of its columns that this Chatwoot has."""
    there = sqlalchemy.inspect(engine)
    names = set(there.get_table_names())
    found = []
    for table in source_yml.declared(PROJECT, SYSTEM):
        if table.name not in names:
            if table.required:
                raise Stop(f"Chatwoot's database: no table {table.name}; is it another database?")
            say(f"no table {table.name} in this Chatwoot: left out")
            continue
        columns = {column["name"] for column in there.get_columns(table.name)}
        missing = [name for name in table.needs if name not in columns]
        if missing:
            raise Stop(f"Chatwoot's database: {table.name} has no column {missing[0]}")
        found.append((table, [name for name in table.reads if name in columns]))
    return found


def _resource(
    engine: sqlalchemy.Engine, table: Table, columns: list[str], loaded_at: datetime
) -> Any:
    whole = table.name in WHOLE
    return sql_table(
        credentials=engine,
        table=table.name,
        included_columns=columns,
        backend="pyarrow",
        chunk_size=CHUNK,
        # full_with_precision would take Chatwoot's limits of lengths over into the files.
        reflection_level="full",
        table_adapter_callback=_json_as_text,
        query_adapter_callback=_only_what_is_read(loaded_at),
        write_disposition="replace" if whole else "append",
        primary_key="id",
        incremental=None
        if whole
        else dlt.sources.incremental("updated_at", lag=SECONDS_READ_AGAIN, row_order="asc"),
    )


def _json_as_text(table: sqlalchemy.Table) -> None:
    for name in KEYS.keys() & table.columns.keys():
        table.columns[name].type = sqlalchemy.Text()


def _only_what_is_read(loaded_at: datetime) -> Callable[..., Any]:
    """What makes dlt's statement select the keys of JSON columns alone, and the load's time."""

    def adapt(query: sqlalchemy.Select, *_: Any) -> sqlalchemy.Select:
        return query.with_only_columns(
            *(_expression(column) for column in query.selected_columns),
            sqlalchemy.literal(loaded_at, sqlalchemy.DateTime()).label(LOADED_AT),
        )

    return adapt


def _expression(column: Any) -> Any:
    if column.name not in KEYS:
        return column
    # An object, or (content_attributes) a JSON text in which the object stands as text.
    value = f"{column.table.name}.{column.name}"
    read = (
        f"case when json_typeof({value}::json) = 'string' "
        f"then ({value}::json #>> '{{}}')::json else {value}::json end"
    )
    pairs = ", ".join(f"'{key}', ({read}) -> '{key}'" for key in KEYS[column.name])
    return sqlalchemy.literal_column(
        f"json_strip_nulls(json_build_object({pairs}))::text", sqlalchemy.Text()
    ).label(column.name)
