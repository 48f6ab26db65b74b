-- Nobody waits longer within business hours than by the clock, and both are known as soon as somebody has answered:
-- the second one where no end of the wait is far from the rest. A person who takes over at the time of the escalation
-- has kept nobody waiting.
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
