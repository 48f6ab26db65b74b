-- Containment rate by week, with its 95 % interval
-- Whether it moved. If the intervals of two weeks overlap widely, it may be chance. The first and the last week may be parts of weeks.
-- Chart: Line.
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
    select week,
        sum(contained_sessions) as contained_sessions,
        sum(closed_sessions) as closed_sessions
    from described
    where true
        [[and day >= cast({{from_day}} as date)]]
        [[and day <= cast({{to_day}} as date)]]
        [[and source = {{source}}]]
        [[and channel = {{channel}}]]
    group by week
),
ratios_added as (
    select *,
        cast(contained_sessions as double) / nullif(closed_sessions, 0) as containment_rate
    from counted
)
select week,
        containment_rate,
        case when closed_sessions > 0 then greatest(0.0, (contained_sessions / nullif(closed_sessions, 0) + 1.9207294103470995 / nullif(closed_sessions, 0) - 1.959963984540054 * sqrt( contained_sessions / nullif(closed_sessions, 0) * (1 - contained_sessions / nullif(closed_sessions, 0)) / nullif(closed_sessions, 0) + 0.9603647051735498 / (closed_sessions * closed_sessions))) / (1 + 3.841458820694199 / nullif(closed_sessions, 0))) end as containment_rate_low,
        case when closed_sessions > 0 then least(1.0, (contained_sessions / nullif(closed_sessions, 0) + 1.9207294103470995 / nullif(closed_sessions, 0) + 1.959963984540054 * sqrt( contained_sessions / nullif(closed_sessions, 0) * (1 - contained_sessions / nullif(closed_sessions, 0)) / nullif(closed_sessions, 0) + 0.9603647051735498 / (closed_sessions * closed_sessions))) / (1 + 3.841458820694199 / nullif(closed_sessions, 0))) end as containment_rate_high
from ratios_added
order by week
