-- The newest 30 days whose figures differ from those first published.
select
    started_date,
    reasons,
    restated_count,
    first_contained_sessions,
    first_closed_sessions,
    first_containment_rate,
    current_contained_sessions,
    current_closed_sessions,
    current_containment_rate,
    containment_rate_change,
    last_changed_at
from {{ ref('restatements') }}
order by started_date desc
limit 30
