"""The sessionization that dbt packages for web events do, on DuckDB: six CTEs over wide rows.

Everything is partitioned by the text of the conversation's id, each step is a window of its own
over all columns, and the sessions are joined back to the rows at the end. Gaps and terminal events
cut, as in the floor; there are no kinds of sessions.
"""

from __future__ import annotations

from pathlib import Path

from benchmarking.database import connect
from benchmarking.rivals import rules

# The packages read one table of events, so this is made first.
TIMELINE = f"""
create table timeline as
with {rules.LOOKUPS},
conversations as (
    select
        * exclude (created_at, loaded_at, timeout),
        coalesce(timeout, (select timeout from policies where channel = '*')) as timeout
    from 'conversations*.parquet' left join policies using (channel)
),
rows_of_both as (
    select
        conversation_id, message_id as row_id, sent_at as happened_at, 0 as tie_order,
        author_type as row_kind, author_id as actor, topic as detail
    from 'messages*.parquet'
    where is_public and author_type in ('customer', 'bot', 'agent')
    union all
    select
        conversation_id, event_id, occurred_at, if(boundary = 'escalated', 1, 2), boundary,
        actor_type, reason
    from 'events*.parquet' inner join boundaries using (event_type)
    where boundary in ('escalated', 'resolved')
)
select * from rows_of_both inner join conversations using (conversation_id)
"""

SESSIONIZED = """
create table sessionized as
with previous_added as (
    select
        *,
        lag(happened_at) over in_order as previous_at,
        lag(tie_order) over in_order as previous_tie_order
    from timeline
    window in_order as (partition by conversation_id order by happened_at, tie_order, row_id)
),
flagged as (
    select
        *,
        case
            when tie_order > 0 then 0
            when previous_at is null or previous_tie_order > 0 then 1
            when happened_at - previous_at > timeout then 1
            else 0
        end as is_new_session
    from previous_added
),
numbered as (
    select
        *,
        sum(is_new_session) over (
            partition by conversation_id order by happened_at, tie_order, row_id
            rows between unbounded preceding and current row
        ) as session_number
    from flagged
),
first_and_last_added as (
    select
        *,
        first_value(row_id) over in_session as first_message_id,
        first_value(row_kind) over in_session as first_author_type,
        first_value(detail ignore nulls) over in_session as topic,
        last_value(detail ignore nulls) over in_session as last_topic,
        last_value(row_kind) over in_session as last_row_kind
    from numbered
    where session_number > 0
    window in_session as (
        partition by conversation_id, session_number order by happened_at, tie_order, row_id
        rows between unbounded preceding and unbounded following
    )
),
aggregated as (
    select
        conversation_id,
        session_number,
        md5(concat(conversation_id, '|', first_message_id)) as session_id,
        first_author_type,
        topic as session_topic,
        last_topic,
        last_row_kind,
        min(happened_at) as started_at,
        max(case when tie_order = 0 then happened_at end) as last_activity_at,
        max(timeout) as session_timeout,
        count(*) as row_count,
        count(case when row_kind = 'customer' then 1 end) as customer_messages,
        count(case when row_kind = 'bot' then 1 end) as bot_messages,
        count(case when row_kind = 'agent' then 1 end) as agent_messages,
        max(case when tie_order = 1 then 1 else 0 end) as is_escalated,
        max(case when tie_order = 2 then 1 else 0 end) as is_resolved
    from first_and_last_added
    group by
        conversation_id, session_number, first_message_id, first_author_type, topic, last_topic,
        last_row_kind
),
joined_back as (
    select
        numbered.* exclude (timeout, previous_at, previous_tie_order),
        aggregated.* exclude (conversation_id, session_number, session_timeout),
        last_activity_at + session_timeout as deadline
    from numbered
    inner join aggregated using (conversation_id, session_number)
)
select * from joined_back
"""

DAYS = """
select
    strftime(started_at, '%Y-%m-%d') as started_date,
    count(*) as closed,
    count_if(is_escalated = 0) as contained
from sessionized
where
    is_new_session = 1
    and (
        is_escalated = 1 or is_resolved = 1
        or deadline < (select max(loaded_at) from 'messages*.parquet')
    )
group by started_date
order by started_date
"""


def run(folder: str) -> list[tuple[str, int, int]]:
    """Make the tables in a database in the folder, give date, closed and contained sessions."""
    with connect(Path(folder) / "six_ctes.duckdb") as connection:
        connection.execute(TIMELINE)
        connection.execute(SESSIONIZED)
        return connection.execute(DAYS).fetchall()
