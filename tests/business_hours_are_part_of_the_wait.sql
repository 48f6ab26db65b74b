-- Nobody waits longer within business hours than by the clock, and both are known as soon as somebody has answered.
select
    session_id,
    wait_seconds,
    wait_business_seconds
from {{ ref('escalations') }}
where
    is_answered is distinct from (wait_seconds is not null)
    or is_answered is distinct from (wait_business_seconds is not null)
    or wait_business_seconds < 0
    or wait_business_seconds > wait_seconds
