-- By how many points the headline would change without a topic; over all sessions, the most first; at most 20 rows.
select
    topic,
    closed_sessions,
    contained_sessions,
    containment_rate,
    containment_rate_low,
    containment_rate_high,
    containment_rate_without as other_topics_containment_rate,
    -impact as headline_change
from {{ ref('topics') }}
where period_kind = 'all'
order by abs(impact) desc nulls last, topic asc
limit 20
