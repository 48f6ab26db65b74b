-- What the headline would be without a topic; over all sessions, the greatest impact first; at most 20 rows.
select
    topic,
    closed_sessions,
    contained_sessions,
    containment_rate,
    containment_rate_low,
    containment_rate_high,
    containment_rate_without,
    impact
from {{ ref('topics') }}
where period_kind = 'all'
order by abs(impact) desc nulls last, topic asc
limit 20
