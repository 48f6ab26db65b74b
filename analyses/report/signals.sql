-- Days and weeks outside their control limits, or the eighth in a row on one side of their centre line, the newest
-- first. Those of the only source say what those of all sessions say, and are left out.
select
    period_start_date,
    period_kind,
    rate as signal_rate,
    rate_low as signal_rate_low,
    rate_high as signal_rate_high,
    rate_name,
    rule_name,
    direction,
    dimension,
    dimension_value,
    control_low as usual_from_rate,
    control_high as usual_to_rate,
    centre_rate,
    counted,
    base_count,
    period_end_date
from {{ ref('signals') }}
where dimension <> 'source' or (select count(distinct daily.source) from {{ ref('containment_daily') }} as daily) > 1
order by period_start_date desc, period_kind asc, dimension asc, dimension_value asc, rate_name asc, rule_name asc
limit 60
