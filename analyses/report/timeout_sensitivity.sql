-- What the rate would be if silence ended a session sooner or later; channel * is all of them.
select
    channel,
    timeout_minutes,
    closed_sessions,
    contained_sessions,
    containment_rate
from {{ ref('timeout_sensitivity') }}
order by channel, timeout_minutes
