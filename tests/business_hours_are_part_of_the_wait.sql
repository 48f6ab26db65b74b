-- Nobody waits longer within business hours than by the clock, and both are known as soon as somebody has answered;
-- who takes over at the time of the escalation has kept nobody waiting.
select
    session_id,
    answered_at,
    wait_seconds,
    wait_business_seconds
from {{ ref('escalations') }}
where
    is_answered is distinct from (answered_at is not null)
    or coalesce(answered_at > escalated_at, false) is distinct from (wait_seconds is not null)
    or (wait_seconds is null) is distinct from (wait_business_seconds is null)
    or wait_business_seconds < 0
    or wait_business_seconds > wait_seconds
