-- Why are sessions escalated, by whom, and how long does the customer wait for a person?
select
    coalesce(escalation_reason, 'unknown') as escalation_reason,
    coalesce(escalated_by, 'unknown') as escalated_by,
    count(*) as session_count,
    count(case when is_answered then 1 end) as answered_session_count,
    median(wait_seconds) as median_wait_seconds
from {{ ref('escalations') }}
group by coalesce(escalation_reason, 'unknown'), coalesce(escalated_by, 'unknown')
order by session_count desc
