with

-- What open sessions may still undo is on neither side. A rate on a limit is within it, however the last digit is
-- rounded.
sides_added as (
    select
        *,
        case
            when most_rate < centre_rate - 1e-12 then -1
            when least_rate > centre_rate + 1e-12 then 1
            else 0
        end as side,
        case
            when most_rate < control_low - 1e-12 then -1
            when least_rate > control_high + 1e-12 then 1
            else 0
        end as side_outside
    from {{ ref('control_charts') }}
),

-- Judged periods in a row; those with too few sessions are passed over.
run_added as (
    select
        *,
        sum(side) over (
            partition by period_kind, dimension, dimension_value, rate_name
            order by period_start_date rows between 7 preceding and current row
        ) as sum_of_eight,
        sum(side) over (
            partition by period_kind, dimension, dimension_value, rate_name
            order by period_start_date rows between 8 preceding and 1 preceding
        ) as sum_of_eight_before
    from sides_added
),

by_rule as (
    select
        *,
        'beyond_three_sigma' as rule_name,
        side_outside as signal_side
    from run_added
    where side_outside <> 0
    union all
    -- Only where the run becomes one: all days after the eighth would say the same.
    select
        *,
        'run_of_eight' as rule_name,
        side as signal_side
    from run_added
    where abs(sum_of_eight) = 8 and sum_of_eight <> coalesce(sum_of_eight_before, 0)
),

final as (
    select
        period_kind,
        period_start_date,
        period_end_date,
        dimension,
        dimension_value,
        rate_name,
        rule_name,
        case when signal_side < 0 then 'below' else 'above' end as direction,
        counted,
        base_count,
        rate,
        rate_low,
        rate_high,
        centre_rate,
        control_low,
        control_high,
        dispersion,
        base_start_date,
        base_end_date,
        base_sessions,
        judged_count
    from by_rule
    where rule_name in ('{{ var("signal_rules") | join("', '") }}')
)

select * from final
