-- How durable is the containment of the weeks that are too young for the exact rate?
-- The estimate counts each session for as long as it is known; the exact rate beside it is of those that are old
-- enough. 95 % of such estimates lie within about two standard errors of the truth.
select
    period_start_date,
    dimension,
    dimension_value,
    contained_sessions,
    returned_sessions,
    matured_7d_sessions,
    durable_containment_rate_7d,
    durable_containment_7d_estimate,
    durable_containment_7d_standard_error
from {{ ref('durable_estimates') }}
where period_kind = 'week'
order by period_start_date desc, dimension asc, contained_sessions desc
