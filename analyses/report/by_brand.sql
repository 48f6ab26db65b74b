-- Brand by brand, the most sessions first; at most 50 rows.
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
)

select
    brand,
    contained_sessions,
    closed_sessions,
    open_sessions,
    {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
    {{ ratio('escalated_sessions', 'closed_sessions') }} as escalation_rate,
    {{ ratio('durable_7d_sessions', 'matured_7d_sessions') }} as durable_containment_rate_7d
from counted
order by closed_sessions desc, brand asc
limit 50
