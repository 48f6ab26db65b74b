"""Synthetic raw files: the same ones each time, shaped like those of a help desk."""

from __future__ import annotations

from pathlib import Path

from containment import sql
from containment.benchmark.database import connect

TABLES = ("conversations", "messages", "events")

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
from placed;

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
        date_trunc('day', created_at) + interval 26 hours as loaded_at
    from conversations
    order by number
) to 'conversations.parquet' (compression zstd)
"""

# Of 100 gaps 20 are none at all (ties), 2 are just some channel's timeout, 63 are up to ten
# minutes, 15 are up to two days; long conversations pause less, or they would last for years.
# One row in 50 is loaded one to three days late.
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
        date_trunc('day', sent_at) + interval 26 hours + to_days(
            cast(if(roll(message, 'late', 50) = 0, 1 + roll(message, 'days', 3), 0) as integer)
        ) as loaded_at
    from timed
    inner join conversations on conversation_number = number
    order by loaded_at, hash(message)
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
    where number < {messages} // 8 * 8 and number % 8 = roll(number // 8, 'of_eight', 8)
    order by loaded_at, hash(number)
) to 'events.parquet' (compression zstd)
"""

# What the raw folder held a day earlier: the last of 365 equal parts, by load time, is missing.
DAY_BEFORE = """
copy (
    select * from {file}
    where loaded_at < (select quantile_disc(loaded_at, 364 / 365.0) from {messages})
) to '{table}.parquet' (compression zstd)
"""


def make(messages: str, conversations: str) -> None:
    """Write the raw files of so many messages and conversations into the working folder."""
    making = Path("making.duckdb")  # on the disk, for a hundred million need not fit into memory
    try:
        with connect(making) as connection:
            for statement in (CONVERSATIONS, MESSAGES, EVENTS):
                connection.execute(statement.format(messages=messages, conversations=conversations))
    finally:
        making.unlink(missing_ok=True)


def make_day_before(raw: str) -> None:
    """Write what a raw folder held a day earlier into the working folder."""
    with connect() as connection:
        for table in TABLES:
            connection.execute(
                DAY_BEFORE.format(
                    file=sql.path(Path(raw) / f"{table}.parquet"),
                    messages=sql.path(Path(raw) / "messages.parquet"),
                    table=table,
                )
            )
