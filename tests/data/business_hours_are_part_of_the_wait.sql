-- A wait within business hours is never longer than by the clock. Both are known once somebody has answered, except
-- that the first needs both ends of the wait near the other sessions. A takeover has no wait.
with

settings as (
    select reporting_timezone from {{ ref('int_settings') }}
),

is_far_added as (
    select
        escalations.*,
        escalations.escalated_at < {{ from_epoch_us('drawn.first_us') }}
        or {{ local_date('escalations.answered_at', 'settings.reporting_timezone') }} >= drawn.reach_date as is_far
    from {{ ref('escalations') }} as escalations
    cross join settings
    cross join {{ ref('int_drawn_span') }} as drawn
)

select
    session_id,
    answered_at,
    wait_seconds,
    wait_business_seconds
from is_far_added
where
    is_answered is distinct from (answered_at is not null)
    or coalesce(answered_at > escalated_at, false) is distinct from (wait_seconds is not null)
    or (not is_far and (wait_seconds is null) is distinct from (wait_business_seconds is null))
    or wait_business_seconds < 0
    or wait_business_seconds > wait_seconds
