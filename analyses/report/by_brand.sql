-- The 20 brands with the most closed sessions, and all others summed in one row.
with

counted as (
    select
        brand,
        sum(contained_sessions) as contained_sessions,
        sum(closed_sessions) as closed_sessions,
        sum(open_sessions) as open_sessions,
        sum(escalated_sessions) as escalated_sessions,
        sum(durable_7d_sessions) as durable_7d_sessions,
        sum(matured_7d_sessions) as matured_7d_sessions
    from {{ ref('containment_daily') }}
    group by brand
),

placed as (
    select
        *,
        row_number() over (order by closed_sessions desc, brand asc) as place
    from counted
),

-- A brand may itself be named `others`, so is_rest marks the row of sums. A single remaining brand keeps its name.
summed as (
    select
        count(*) > 1 as is_rest,
        case when count(*) > 1 then format('others ({:,} brands)', count(*)) else any_value(brand) end as brand,
        sum(contained_sessions) as contained_sessions,
        sum(closed_sessions) as closed_sessions,
        sum(open_sessions) as open_sessions,
        sum(escalated_sessions) as escalated_sessions,
        sum(durable_7d_sessions) as durable_7d_sessions,
        sum(matured_7d_sessions) as matured_7d_sessions
    from placed
    group by least(place, 21)
)

select
    brand,
    is_rest,
    contained_sessions,
    closed_sessions,
    open_sessions,
    {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
    {{ ratio('escalated_sessions', 'closed_sessions') }} as escalation_rate,
    {{ ratio('durable_7d_sessions', 'matured_7d_sessions') }} as durable_containment_rate_7d
from summed
order by is_rest asc, closed_sessions desc, brand asc
