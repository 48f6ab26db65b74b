"""Read a publication as Superset does: SQLAlchemy with duckdb-engine. Prints one JSON object.

usage: read.py DATABASE. After a line on standard input it asks again: on the connection that it
has, and on a new one.
"""

import json
import sys

import duckdb
import sqlalchemy

CHANNELS = """
    select channel, sum(contained_sessions) as contained, sum(closed_sessions) as closed,
        min(started_date) as first_date
    from marts.containment_daily
    group by channel
    order by channel
"""
FIRST = """
    select session_id, started_at, started_date, is_contained, customer_message_count,
        duration_seconds, ended_at
    from marts.sessions order by session_id limit 1
"""

engine = sqlalchemy.create_engine(
    f"duckdb:///{sys.argv[1]}",
    connect_args={"read_only": True, "config": {"enable_external_access": False}},
)


def marts() -> list[str]:
    return sorted(sqlalchemy.inspect(engine).get_table_names(schema="marts"))


with engine.connect() as connection:
    inspector = sqlalchemy.inspect(connection)
    first = connection.execute(sqlalchemy.text(FIRST)).one()
    said = {
        "version": duckdb.__version__,
        "marts": marts(),
        "columns": {
            column["name"]: [str(column["type"]), column.get("comment")]
            for column in inspector.get_columns("sessions", schema="marts")
        },
        "channels": [
            [row.channel, int(row.contained), int(row.closed), row.first_date.isoformat()]
            for row in connection.execute(sqlalchemy.text(CHANNELS))
        ],
        "first": [str(value) for value in first],
        "types": [type(value).__name__ for value in first],
    }
    print(json.dumps(said), flush=True)
    sys.stdin.readline()  # the next night is published now
    same = connection.execute(sqlalchemy.text("select count(*) from marts.sessions")).scalar()
engine.dispose()
print(json.dumps({"same": same, "marts": marts()}), flush=True)
