"""The floor: one hand-written statement, the least that gives a containment rate per day.

One source, no text, nothing checked, no session kinds, nothing kept.
"""

from __future__ import annotations

from benchmarking.database import connect
from benchmarking.rivals import rules

FLOOR = f"""
with {rules.LOOKUPS},
timeouts as (
    select
        conversation_id,
        coalesce(timeout, (select timeout from policies where channel = '*')) as timeout
    from 'conversations*.parquet' left join policies using (channel)
),
timeline as (
    select conversation_id, sent_at as happened_at, 0 as tie_order, timeout
    from 'messages*.parquet' inner join timeouts using (conversation_id)
    where is_public and author_type in ('customer', 'bot', 'agent')
    union all
    select conversation_id, occurred_at, if(boundary = 'escalated', 1, 2), null
    from 'events*.parquet' inner join boundaries using (event_type)
    where boundary in ('escalated', 'resolved')
),
starts_marked as (
    select
        *,
        tie_order = 0 and (
            coalesce(lag(tie_order) over in_order, 1) > 0
            or happened_at - lag(happened_at) over in_order > timeout
        ) as is_start
    from timeline
    window in_order as (partition by conversation_id order by happened_at, tie_order)
),
segment_numbered as (
    select
        *,
        count_if(is_start) over (
            partition by conversation_id order by happened_at, tie_order rows unbounded preceding
        ) as segment_number
    from starts_marked
),
segments as (
    select
        min(happened_at) as started_at,
        max(happened_at) filter (tie_order = 0) + max(timeout) as deadline,
        bool_or(tie_order = 1) as is_escalated,
        bool_or(tie_order = 2) as is_resolved
    from segment_numbered
    where segment_number > 0
    group by conversation_id, segment_number
)
select
    strftime(started_at, '%Y-%m-%d') as started_date,
    count(*) as closed,
    count_if(not is_escalated) as contained
from segments
where
    is_escalated or is_resolved
    or deadline < (select max(loaded_at) from 'messages*.parquet')
group by started_date
order by started_date
"""


def run(folder: str) -> list[tuple[str, int, int]]:
    """Give date, closed and contained segments; nothing is written to the folder."""
    with connect() as connection:
        return connection.execute(FLOOR).fetchall()
