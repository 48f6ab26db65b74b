-- Which arm of the experiment contains more? Read it once, when every arm has needed_sessions. If you look every
-- day and stop at the first interval without 0, you find differences where there are none. If is_sample_ratio_off, do
-- not read it at all.
select
    source,
    variant,
    control_variant,
    closed_sessions,
    needed_sessions,
    containment_rate,
    containment_rate_difference,
    containment_rate_difference_low,
    containment_rate_difference_high,
    is_sample_ratio_off
from {{ ref('experiments') }}
order by source asc, is_control desc, variant asc
