-- The arms of the experiment, the control arm first.
select
    source,
    variant,
    containment_rate,
    containment_rate_low,
    containment_rate_high,
    is_control,
    conversations,
    contained_sessions,
    closed_sessions,
    containment_rate_difference,
    containment_rate_difference_low,
    containment_rate_difference_high,
    stated_effect,
    needed_sessions,
    is_sample_ratio_off
from {{ ref('experiments') }}
order by source asc, is_control desc, variant asc
