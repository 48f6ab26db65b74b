-- Who waits longest for a person after an escalation? Median waits by brand and channel, by the clock and within
-- business hours, beside how many were never answered.
select
    brand,
    channel,
    count(*) as escalation_count,
    count(case when not is_answered then 1 end) as unanswered_count,
    median(wait_seconds) / 60 as median_wait_minutes,
    median(wait_business_seconds) / 60 as median_business_wait_minutes
from {{ ref('escalations') }}
group by brand, channel
order by median_business_wait_minutes desc
