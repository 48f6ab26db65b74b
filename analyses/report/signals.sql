-- Days and weeks outside their control limits, the newest first.
select
    period_start_date,
    period_kind,
    rate as signal_rate,
    rate_low as signal_rate_low,
    rate_high as signal_rate_high,
    rate_name,
    direction,
    dimension,
    dimension_value,
    control_low as usual_from_rate,
    control_high as usual_to_rate,
    centre_rate,
    counted,
    base_count,
    rule_name,
    period_end_date
from {{ ref('signals') }}
order by period_start_date desc, period_kind asc, dimension asc, dimension_value asc, rate_name asc, rule_name asc
limit 60
