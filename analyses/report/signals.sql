-- Days and weeks outside their control limits, the newest first. Without ref(): a publication may lack this mart.
select
    period_start_date,
    period_kind,
    rate as signal_rate,
    rate_name,
    direction,
    dimension,
    dimension_value,
    control_low as usual_from_rate,
    control_high as usual_to_rate,
    centre_rate,
    counted,
    base_count,
    rule_name
from marts.signals
order by period_start_date desc, period_kind asc, dimension asc, dimension_value asc, rate_name asc, rule_name asc
limit 60
