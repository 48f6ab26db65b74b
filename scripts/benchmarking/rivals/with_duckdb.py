"""The rules of the build's core as one DuckDB script: plain SQL, each step a table in memory."""

from __future__ import annotations

from pathlib import Path

from benchmarking.database import connect
from benchmarking.rivals import rules
from containment.common import sql

# Activities and terminal events (rules 1 to 3), each conversation under a number.
TIMELINE = f"""
create temp table numbered as
with {rules.LOOKUPS}
select
    row_number() over () as conversation,
    conversation_id,
    coalesce(channel, '{rules.UNKNOWN}') as channel,
    exclusion_reason,
    created_at,
    coalesce(timeout, (select timeout from policies where channel = '*')) as timeout
from 'conversations*.parquet' left join policies using (channel);

create temp table timeline as
with {rules.LOOKUPS},
rows_of_both as (
    select conversation_id, sent_at as happened_at, 0 as kind, message_id as row_id, author_type
    from 'messages*.parquet'
    where is_public and author_type in ('customer', 'bot', 'agent')
    union all
    select conversation_id, occurred_at, if(boundary = 'escalated', 1, 2), event_id, null
    from 'events*.parquet' inner join boundaries using (event_type)
    where boundary in ('escalated', 'resolved')
)
select conversation, happened_at, kind, row_id, author_type, timeout
from rows_of_both inner join numbered using (conversation_id)
"""

# Rule 4. What comes before the first activity of a conversation has the segment number 0.
CUT = """
create temp table cut as
with lagged as (
    select
        *,
        lag(kind) over in_order as previous_kind,
        happened_at - lag(happened_at) over in_order > timeout as is_late,
        row_number() over in_order as position
    from timeline
    window in_order as (partition by conversation order by happened_at, kind, row_id)
),
marked as (
    select
        * exclude (timeout, previous_kind),
        kind = 0 and (previous_kind is null or previous_kind > 0 or is_late) as is_start,
        kind = 0 and coalesce(previous_kind <> 2, false) and is_late as is_silence
    from lagged
)
select
    * exclude (is_late, position),
    count_if(is_start) over so_far as segment_number,
    1 + position - max(if(is_start, position, null)) over so_far as position_in_segment
from marked
window so_far as (partition by conversation order by position rows unbounded preceding)
"""

# Rules 5 to 7.
SEGMENTS = """
create temp table judged as
with grouped as (
    select
        conversation,
        segment_number,
        bool_or(is_start and is_silence) as is_after_silence,
        min(happened_at) filter (kind = 0) as started_at,
        max(happened_at) filter (kind = 0) as last_activity_at,
        min(happened_at) filter (kind = 1) as first_escalated_at,
        max(happened_at) filter (kind = 1) as last_escalated_at,
        min(happened_at) filter (kind = 2) as first_resolved_at,
        max(happened_at) filter (kind = 2) as last_resolved_at,
        count_if(author_type = 'customer') as customer_message_count,
        count_if(author_type = 'bot') as bot_message_count,
        count_if(author_type = 'agent') as agent_message_count
    from cut
    where segment_number > 0
    group by conversation, segment_number
),
seen_from_each as (
    select
        *,
        last_activity_at + timeout as deadline,
        least(first_escalated_at, first_resolved_at) as first_terminal_at,
        max(bot_message_count) over (partition by conversation) > 0 as has_bot,
        lead(segment_number) over in_order is not null as has_later,
        max(last_escalated_at) over before as escalated_before,
        max(last_resolved_at) over before as resolved_before,
        count(coalesce(last_escalated_at, last_resolved_at)) over before as terminated_before
    from grouped inner join numbered using (conversation)
    window
        in_order as (partition by conversation order by segment_number),
        before as (
            partition by conversation order by segment_number
            rows between unbounded preceding and 1 preceding
        )
),
bot_return_added as (
    select
        *,
        bool_or(is_after_silence and bot_message_count > 0) over (
            partition by conversation, terminated_before
            order by segment_number rows unbounded preceding
        ) as is_bot_back
    from seen_from_each
),
end_added as (
    select
        *,
        case
            when exclusion_reason is not null then 'excluded'
            when not has_bot then 'human'
            when
                escalated_before is not null
                and (resolved_before is null or escalated_before > resolved_before)
                and not is_bot_back
                then 'handoff'
            when customer_message_count = 0 then 'unengaged'
            else 'session'
        end as segment_kind,
        case
            when first_terminal_at <= deadline then first_terminal_at
            when has_later or deadline < $as_of then deadline
        end as ended_at,
        case
            when first_escalated_at is not null then 'escalated'
            when first_resolved_at is not null then 'resolved'
            when ended_at is not null then 'timed_out'
            else 'open'
        end as outcome
    from bot_return_added
)
select
    *,
    count_if(segment_kind = 'session') over (
        partition by conversation order by segment_number rows unbounded preceding
    ) as session_number
from end_added
"""

AS_OF = """
select max(happened_at) from (
    select max(coalesce(loaded_at, created_at)) as happened_at from 'conversations*.parquet'
    union all select max(coalesce(loaded_at, sent_at)) from 'messages*.parquet'
    union all select max(coalesce(loaded_at, occurred_at)) from 'events*.parquet'
)
"""

MARTS = {
    "messages": """
        select *, row_id as message_id, happened_at as sent_at
        from cut inner join judged using (conversation, segment_number)
        where kind = 0
    """,
    "segments": "from judged",
    "sessions": "from judged where segment_kind = 'session'",
    "conversations": """
        select
            any_value(conversation_id) as conversation_id,
            any_value(channel) as channel,
            any_value(created_at) as created_at,
            cast(coalesce(sum(
                customer_message_count + bot_message_count + agent_message_count
            ), 0) as bigint) as message_count,
            count(segment_number) as segment_count,
            -- Not count_if: it is null where every value is.
            count(*) filter (segment_kind = 'session') as session_count,
            count(*) filter (segment_kind = 'session' and outcome <> 'open')
                as closed_session_count,
            count(*) filter (segment_kind = 'session' and outcome in ('resolved', 'timed_out'))
                as contained_session_count,
            min(started_at) as first_activity_at,
            max(last_activity_at) as last_activity_at
        from numbered
        left join (select * exclude (conversation_id, channel, created_at) from judged)
            using (conversation)
        group by conversation
    """,
}


def rebuild(folder: str) -> None:
    """Write the four big marts to the folder, with rules.MARTS' columns."""
    with connect() as connection:
        connection.execute(TIMELINE)
        connection.execute(CUT)
        connection.execute("drop table timeline")
        (as_of,) = connection.execute(AS_OF).fetchall()[0]
        connection.execute(SEGMENTS, {"as_of": as_of})
        for mart, columns in rules.MARTS.items():
            file = sql.text(str(Path(folder) / f"{mart}.parquet"))
            connection.execute(
                f"copy (select {rules.typed(columns)} from ({MARTS[mart]})) to {file} "
                "(compression zstd)"
            )
