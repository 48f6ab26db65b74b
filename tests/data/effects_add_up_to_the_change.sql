-- Along each dimension the effects sum to the change, except for rounding, and no change is missing.
with

summed as (
    select
        period_kind,
        period_start_date,
        dimension,
        sum(rate_effect + mix_effect) as effects
    from {{ ref('containment_changes') }}
    group by period_kind, period_start_date, dimension
),

dimensions as (
    select distinct dimension from {{ ref('containment_changes') }}
),

expected as (
    select
        trend.period_kind,
        trend.period_start_date,
        dimensions.dimension,
        trend.containment_rate_change
    from {{ ref('containment_trend') }} as trend
    cross join dimensions
    where trend.period_kind <> 'day' and trend.containment_rate_change is not null
)

select expected.*
from expected
left join summed
    on
        expected.period_kind = summed.period_kind
        and expected.period_start_date = summed.period_start_date
        and expected.dimension = summed.dimension
where coalesce(abs(summed.effects - expected.containment_rate_change) > 1e-9, true)
