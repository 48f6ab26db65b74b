-- Each attribute and its values over all sessions. Months sum the days, so these sums are those of all closed sessions.
with

summed as (
    select
        dimension,
        dimension_value,
        bool_or(has_several_values) as has_several_values,
        sum(contained_sessions) as contained_sessions,
        sum(closed_sessions) as closed_sessions
    from {{ ref('containment_by_dimension') }}
    where period_kind = 'month' and dimension not in ('channel', 'brand', 'bot', 'topic')
    group by dimension, dimension_value
)

select
    dimension as attribute,
    dimension_value as value,
    contained_sessions,
    closed_sessions,
    {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
    case when has_several_values then 'a session can have several' else '' end as note
from summed
order by attribute asc, closed_sessions desc, value asc
