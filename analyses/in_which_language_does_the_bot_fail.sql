-- Containment by an attribute and month, here `language` (setting attributes). Sessions without a value are `none`.
select
    period_start_date,
    dimension_value,
    closed_sessions,
    containment_rate,
    containment_rate_low,
    containment_rate_high,
    share_of_sessions
from {{ ref('containment_by_dimension') }}
where period_kind = 'month' and dimension = 'language'
order by period_start_date desc, closed_sessions desc, dimension_value asc
