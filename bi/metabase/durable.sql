-- Durable containment rate, 7 days
-- How many of the contained sessions stay contained, of those old enough to know.
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
        case when is_contained and not is_recontacted_7d then 1 else 0 end as durable_7d_sessions,
        case when is_contained and is_recontacted_7d is not null then 1 else 0 end as matured_7d_sessions
    from marts.sessions
),
counted as (
    select sum(durable_7d_sessions) as durable_7d_sessions,
        sum(matured_7d_sessions) as matured_7d_sessions
    from described
    where true
        [[and day >= cast({{from_day}} as date)]]
        [[and day <= cast({{to_day}} as date)]]
        [[and source = {{source}}]]
        [[and channel = {{channel}}]]
),
ratios_added as (
    select *,
        cast(durable_7d_sessions as double) / nullif(matured_7d_sessions, 0) as durable_containment_rate_7d
    from counted
)
select durable_containment_rate_7d
from ratios_added
