-- Coverage rate
-- How much of all demand the bot takes part in.
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
        topic as topic,
        case when segment_kind = 'session' and is_bot_involved then 1 else 0 end as bot_involved_contacts,
        case when segment_kind = 'session' or segment_kind = 'human' and customer_message_count > 0 then 1 else 0 end as contacts
    from marts.segments
),
counted as (
    select sum(bot_involved_contacts) as bot_involved_contacts,
        sum(contacts) as contacts
    from described
    where true
        [[and day >= cast({{from_day}} as date)]]
        [[and day <= cast({{to_day}} as date)]]
        [[and source = {{source}}]]
        [[and channel = {{channel}}]]
),
ratios_added as (
    select *,
        cast(bot_involved_contacts as double) / nullif(contacts, 0) as coverage_rate
    from counted
)
select coverage_rate
from ratios_added
