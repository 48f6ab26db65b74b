-- The headline: contained / closed sessions over all days, with its 95 % Wilson interval.
with

counted as (
    select
        coalesce(sum(contained_sessions), 0) as contained_sessions,
        coalesce(sum(closed_sessions), 0) as closed_sessions,
        coalesce(sum(open_sessions), 0) as open_sessions
    from {{ ref('containment_daily') }}
)

select
    contained_sessions,
    closed_sessions,
    open_sessions,
    {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high
from counted
