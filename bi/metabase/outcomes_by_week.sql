-- Outcomes by week
-- How sessions end. Open sessions are in no rate.
-- Chart: Bar, stacked.
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
        case when outcome = 'resolved' then 1 else 0 end as resolved_sessions,
        case when outcome = 'timed_out' then 1 else 0 end as timed_out_sessions,
        case when outcome = 'escalated' then 1 else 0 end as escalated_sessions,
        case when outcome = 'open' then 1 else 0 end as open_sessions
    from marts.sessions
),
counted as (
    select week,
        sum(resolved_sessions) as resolved_sessions,
        sum(timed_out_sessions) as timed_out_sessions,
        sum(escalated_sessions) as escalated_sessions,
        sum(open_sessions) as open_sessions
    from described
    where true
        [[and day >= cast({{from_day}} as date)]]
        [[and day <= cast({{to_day}} as date)]]
        [[and source = {{source}}]]
        [[and channel = {{channel}}]]
    group by week
),
ratios_added as (
    select *
    from counted
)
select week,
        resolved_sessions,
        timed_out_sessions,
        escalated_sessions,
        open_sessions
from ratios_added
order by week
