-- Counts per day that the page adds up again for its filters: escalated sessions by reason, and how soon a person
-- answered.
select
    started_date,
    source,
    channel,
    coalesce(brand, 'none') as brand,
    coalesce(bot_id, 'none') as bot,
    coalesce(escalation_reason, 'not given') as value,
    count(*) as escalated,
    count(case when wait_seconds <= 300 then 1 end) as answered_5_min,
    count(case when wait_seconds <= 3600 then 1 end) as answered_1_h,
    count(case when wait_seconds <= 86400 then 1 end) as answered_1_day,
    count(wait_seconds) as answered
from {{ ref('escalations') }}
group by
    started_date, source, channel, coalesce(brand, 'none'), coalesce(bot_id, 'none'),
    coalesce(escalation_reason, 'not given')
