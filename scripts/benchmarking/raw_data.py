"""Synthetic raw files: the same ones each time, shaped like those of a help desk.

The history ends where conversations still go on, as one that is loaded every night does: what
would be loaded after its last message is left out. Its last day are the 24 hours before that.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarking.database import connect
from containment.common import sql

TABLES = ("conversations", "messages", "events")
DAY = timedelta(days=1)
BEYOND = 50  # one in so many is made for the time after the history's end

# Everything comes from hashes of row numbers, so the same DuckDB always makes the same rows. The
# lengths are skewed: they follow a log-normal distribution (half of the conversations have at most
# 5 messages), and one conversation in a thousand is 40 times as long; they add up exactly.
CONVERSATIONS = """
-- Hashed twice: the low bits of a hash of two values are those of one, turned by the other.
create macro roll(number, salt, sides) as cast(hash(hash(number, salt)) % sides as bigint);
create macro share(number, salt) as (roll(number, salt, 1000000) + 1) / 1000001;

create table conversations as
with weighed as (
    select
        number,
        least(20000, exp(1.65 + 1.05 * sqrt(-2 * ln(share(number, 'length')))
            * cos(2 * pi() * share(number, 'angle')))
            * if(roll(number, 'giant', 1000) = 0, 40, 1)) as weight
    from range({conversations}) as numbers (number)
),
summed as (
    select
        number,
        sum(cast(1000 * weight as bigint)) over (order by number) as weight_so_far,
        sum(cast(1000 * weight as bigint)) over () as whole_weight
    from weighed
),
placed as (
    select
        number,
        -- Each has one message; the others go by weight.
        number + 1 + weight_so_far * ({messages} - {conversations}) // whole_weight as end_message,
        lag(end_message, 1, 0) over (order by number) as first_message
    from summed
)
select
    number,
    cast(first_message as bigint) as first_message,
    cast(end_message as bigint) as end_message,
    format('conversation-{{:09d}}', number) as conversation_id,
    timestamp '2025-01-01' + to_seconds(roll(number, 'created', 31536000)) as created_at
from placed
"""

# They are loaded within two hours of their beginning, before any of their messages.
CONVERSATION_ROWS = """
copy (
    select
        conversation_id,
        case
            when roll(number, 'channel', 10) < 4 then 'chat'
            when roll(number, 'channel', 10) < 6 then 'whatsapp'
            when roll(number, 'channel', 10) < 8 then 'email'
            when roll(number, 'channel', 10) < 9 then 'sms'
            else 'web'
        end as channel,
        concat('brand-', roll(number, 'brand', 7)) as brand,
        concat('customer-', roll(number, 'customer', {conversations} // 2 + 1)) as customer_id,
        created_at,
        case when roll(number, 'spam', 200) = 0 then 'spam' end as exclusion_reason,
        date_trunc('hour', created_at) + interval 2 hours as loaded_at
    from conversations
    where loaded_at <= (select max(loaded_at) from 'messages.parquet')
    order by loaded_at, number
) to 'conversations.parquet' (compression zstd)
"""

# Of 100 gaps 20 are none at all (ties), 2 are just some channel's timeout, 63 are up to ten
# minutes, 15 are up to two days; long conversations pause less, or they would last for years.
# Rows are loaded by the hour, one in 50 up to three days late.
MESSAGES = """
copy (
    with paced as (
        select
            number as conversation_number,
            message,
            case
                when message = first_message or roll(message, 'gap', 100) < 20 then 0
                when roll(message, 'gap', 100) < 22
                    then [1800, 3600, 86400, 259200][1 + roll(message, 'timeout', 4)]
                when
                    roll(message, 'gap', 100) < 85
                    or roll(message, 'pause', 1 + (end_message - first_message) // 100) > 0
                    then roll(message, 'seconds', 600)
                else roll(message, 'seconds', 200000)
            end as gap_seconds
        from conversations, unnest(range(first_message, end_message)) as numbers (message)
    ),
    timed as (
        select
            *,
            sum(gap_seconds) over (
                partition by conversation_number order by message
            ) as seconds_so_far
        from paced
    )
    select
        format('message-{{:011d}}', message) as message_id,
        conversation_id,
        case
            when message = first_message or roll(message, 'author', 10) < 4 then 'customer'
            when roll(message, 'author', 10) < 8 then 'bot'
            when roll(message, 'author', 10) = 8 then 'agent'
            else 'system'
        end as author_type,
        concat(author_type, '-', roll(message, 'author_id', 20)) as author_id,
        created_at + to_seconds(cast(seconds_so_far as bigint)) as sent_at,
        author_type <> 'agent' or roll(message, 'note', 5) > 0 as is_public,
        case when roll(message, 'has_topic', 3) = 0
            then concat('topic-', roll(message, 'topic', 9)) end as topic,
        date_trunc('hour', sent_at) + interval 2 hours + to_hours(
            if(roll(message, 'late', 50) = 0, 1 + roll(message, 'hours', 72), 0)
        ) as loaded_at
    from timed
    inner join conversations on conversation_number = number
    order by loaded_at, hash(message)
    limit {kept_messages}
) to 'messages.parquet' (compression zstd)
"""

# One for 8 messages, a third of them in the very second of its message.
EVENTS = """
copy (
    select
        format('event-{{:011d}}', number) as event_id,
        conversation_id,
        case
            when roll(number, 'event', 10) < 2 then 'escalated'
            when roll(number, 'event', 10) < 3 then 'assigned'
            else 'resolved'
        end as event_type,
        sent_at + to_minutes(roll(number, 'delay', 3)) as occurred_at,
        ['customer', 'bot', 'agent'][1 + roll(number, 'actor', 3)] as actor_type,
        case when roll(number, 'has_reason', 2) = 0
            then concat('reason-', roll(number, 'reason', 5)) end as reason,
        loaded_at
    from (
        select *, cast(message_id[9:] as bigint) as number
        from 'messages.parquet'
    )
    where number % 8 = roll(number // 8, 'of_eight', 8)
    order by loaded_at, hash(number)
) to 'events.parquet' (compression zstd)
"""

# Of the rows of a table those that came in so many days, counted back from the last load.
LOADED = """
copy (
    select * from {file}
    where loaded_at > timestamp '{after}' and loaded_at <= timestamp '{until}'
) to {to} (compression zstd)
"""


def make(messages: str, conversations: str) -> None:
    """Write the raw files of so many messages into the working folder.

    There are about so many conversations: those that began before the last message was loaded.
    """
    making = Path("making.duckdb")  # on the disk, for a hundred million need not fit into memory
    made = {
        "messages": _and_beyond(int(messages)),
        "conversations": _and_beyond(int(conversations)),
        "kept_messages": int(messages),
    }
    try:
        with connect(making) as connection:
            for statement in (CONVERSATIONS, MESSAGES, CONVERSATION_ROWS, EVENTS):
                connection.execute(statement.format(**made))
    finally:
        making.unlink(missing_ok=True)


def _and_beyond(number: int) -> int:
    return number + number // BEYOND


def lay(whole: str, daily: str) -> dict[str, Any]:
    """Lay the files that `make` wrote into `whole` down in the working folder, as they are after
    the last day (last_day/) and were before it (day_before/); `daily`: one file for each day.

    Give the number of messages and conversations, and the time of the last load (ISO 8601).
    """
    last_day, day_before = Path("last_day"), Path("day_before")
    for folder in (last_day, day_before):
        folder.mkdir()
    with connect() as connection:
        (last,) = connection.execute(
            f"select max(loaded_at) from {_file(whole, 'messages')}"
        ).fetchall()[0]
        for table in TABLES:
            if daily:
                _lay_days(connection, _file(whole, table), table, last)
            else:
                os.link(Path(whole) / f"{table}.parquet", last_day / f"{table}.parquet")
                to = day_before / f"{table}.parquet"
                _write(connection, _file(whole, table), datetime.min, last - DAY, to)
        counts = [
            connection.execute(f"select count(*) from {_file(whole, table)}").fetchall()[0][0]
            for table in ("messages", "conversations")
        ]
    return {"messages": counts[0], "conversations": counts[1], "last_load": last.isoformat()}


def _lay_days(connection: duckdb.DuckDBPyConnection, file: str, table: str, last: datetime) -> None:
    """A file for each day that has rows; those of the day before are the same files."""
    for (days,) in connection.execute(
        f"select distinct date_diff('hour', loaded_at, timestamp '{last}') // 24 from {file}"
    ).fetchall():
        until = last - days * DAY
        name = f"{table}_{until:%Y-%m-%d}.parquet"
        _write(connection, file, until - DAY, until, Path("last_day", name))
        if days:
            os.link(Path("last_day", name), Path("day_before", name))


def _write(
    connection: duckdb.DuckDBPyConnection, file: str, after: datetime, until: datetime, to: Path
) -> None:
    connection.execute(LOADED.format(file=file, after=after, until=until, to=sql.text(str(to))))


def _file(folder: str, table: str) -> str:
    return sql.path(Path(folder) / f"{table}.parquet")
