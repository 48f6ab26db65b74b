-- Containment rate
-- How much is contained: contained / closed sessions. The table by channel and bot has the interval.
-- Chart: Number.
-- A line in [[ ]] counts once its variable (Text) has a value: 2026-01-31, chat.
with described as (
    select cast(date_trunc('day', started_date) as date) as day,
        cast(date_trunc('week', started_date) as date) as week,
        cast(date_trunc('month', started_date) as date) as month,
        cast(date_trunc('quarter', started_date) as date) as quarter,
        cast(date_trunc('year', started_date) as date) as year,
        source as source,
        brand as brand,
        channel as channel,
        coalesce(bot_id, 'none') as bot_id,
        coalesce(last_bot_id, 'none') as last_bot_id,
        coalesce(bot_release, 'none') as bot_release,
        topic as topic,
        last_topic as last_topic,
        start_reason as start_reason,
        end_reason as end_reason,
        outcome as outcome,
        escalation_reason as escalation_reason,
        escalated_by as escalated_by,
        resolved_by as resolved_by,
        is_bot_involved as is_bot_involved,
        is_human_involved as is_human_involved,
        case when is_contained then 1 else 0 end as contained_sessions,
        case when outcome <> 'open' then 1 else 0 end as closed_sessions
    from marts.sessions
),
counted as (
    select sum(contained_sessions) as contained_sessions,
        sum(closed_sessions) as closed_sessions
    from described
    where true
        [[and day >= cast({{from_day}} as date)]]
        [[and day <= cast({{to_day}} as date)]]
        [[and source = {{source}}]]
        [[and channel = {{channel}}]]
),
ratios_added as (
    select *,
        cast(contained_sessions as double) / nullif(closed_sessions, 0) as containment_rate
    from counted
)
select containment_rate
from ratios_added
