-- By channel and bot
-- Where it is contained, with counts and interval, whether it stays so, and whether customers are content. The bot is the first that wrote.
-- Chart: Table.
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
        case when outcome <> 'open' then 1 else 0 end as closed_sessions,
        case when is_contained then 1 else 0 end as contained_sessions,
        case when is_contained and not is_recontacted_7d then 1 else 0 end as durable_7d_sessions,
        case when is_contained and is_recontacted_7d is not null then 1 else 0 end as matured_7d_sessions,
        case when outcome <> 'open' and csat_score is not null then csat_score else 0 end as csat_score_sum,
        case when outcome <> 'open' and csat_score is not null then 1 else 0 end as rated_sessions
    from marts.sessions
),
counted as (
    select channel,
        bot_id,
        sum(closed_sessions) as closed_sessions,
        sum(contained_sessions) as contained_sessions,
        sum(durable_7d_sessions) as durable_7d_sessions,
        sum(matured_7d_sessions) as matured_7d_sessions,
        sum(csat_score_sum) as csat_score_sum,
        sum(rated_sessions) as rated_sessions
    from described
    where true
        [[and day >= cast({{from_day}} as date)]]
        [[and day <= cast({{to_day}} as date)]]
        [[and source = {{source}}]]
        [[and channel = {{channel}}]]
    group by channel, bot_id
),
ratios_added as (
    select *,
        cast(contained_sessions as double) / nullif(closed_sessions, 0) as containment_rate,
        cast(durable_7d_sessions as double) / nullif(matured_7d_sessions, 0) as durable_containment_rate_7d,
        cast(csat_score_sum as double) / nullif(rated_sessions, 0) as csat_score
    from counted
)
select channel,
        bot_id,
        closed_sessions,
        contained_sessions,
        containment_rate,
        case when closed_sessions > 0 then greatest(0.0, (contained_sessions / nullif(closed_sessions, 0) + 1.9207294103470995 / nullif(closed_sessions, 0) - 1.959963984540054 * sqrt( contained_sessions / nullif(closed_sessions, 0) * (1 - contained_sessions / nullif(closed_sessions, 0)) / nullif(closed_sessions, 0) + 0.9603647051735498 / (closed_sessions * closed_sessions))) / (1 + 3.841458820694199 / nullif(closed_sessions, 0))) end as containment_rate_low,
        case when closed_sessions > 0 then least(1.0, (contained_sessions / nullif(closed_sessions, 0) + 1.9207294103470995 / nullif(closed_sessions, 0) + 1.959963984540054 * sqrt( contained_sessions / nullif(closed_sessions, 0) * (1 - contained_sessions / nullif(closed_sessions, 0)) / nullif(closed_sessions, 0) + 0.9603647051735498 / (closed_sessions * closed_sessions))) / (1 + 3.841458820694199 / nullif(closed_sessions, 0))) end as containment_rate_high,
        durable_containment_rate_7d,
        csat_score
from ratios_added
order by channel, bot_id
