with

rates_added as (
    select
        *,
        {{ ratio('counted', 'base_count') }} as rate,
        {{ ratio('base_counted', 'base_sessions') }} as centre_rate,
        {{ ratio('previous_counted', 'previous_base_count') }} as previous_rate,
        {{ ratio('(counted + previous_counted)', '(base_count + previous_base_count)') }} as common_rate,
        -- What the rate becomes at the least and at the most, whatever becomes of the open sessions.
        {{ ratio('counted', '(base_count + open_count)') }} as least_rate,
        {{ ratio('(counted + open_count)', '(base_count + open_count)') }} as most_rate
    from {{ ref('int_rate_periods') }}
),

-- How far neighbours of the same weekday differ, in millionths of a standard deviation of what chance alone does: whole
-- numbers, whose sum no order of rows changes. Two rates of 0, or of 1, do not differ.
step_added as (
    select
        *,
        case
            when common_rate * (1 - common_rate) > 0
                then
                    cast(round(
                        1e6 * abs(rate - previous_rate)
                        / sqrt(common_rate * (1 - common_rate) * (1e0 / base_count + 1e0 / previous_base_count))
                    ) as bigint)
            when common_rate is not null then 0
        end as step
    from rates_added
),

-- As in Laney's p' chart: by chance alone steps are sqrt(2 / pi) on average. Seven steps of weeks say little, so days
-- have a say in the dispersion of weeks as well.
dispersion_added as (
    select
        *,
        greatest(
            1e0,
            avg(case when period_kind = 'day' then step end) over weeks_before / 797884.5608028654e0,
            case
                when period_kind = 'week'
                    then
                        avg(case when period_kind = 'week' then step end) over weeks_before
                        / 797884.5608028654e0
            end
        ) as dispersion
    from step_added
    window
        weeks_before as (
            partition by dimension, dimension_value, rate_name
            order by day_number range between 56 preceding and 1 preceding
        )
),

-- The base is a sample, too: its own error widens the limits.
judged as (
    select
        *,
        dispersion
        * sqrt(centre_rate * (1 - centre_rate) * (1e0 / base_count + 1e0 / base_sessions)) as sigma
    from dispersion_added
    where
        least(base_count, base_sessions) >= {{ var('signal_minimum_sessions') }}
        -- Fewer than 5 expected of either kind are not distributed as the limits suppose (5 of 30 by default).
        and least(base_count, base_sessions) * least(centre_rate, 1 - centre_rate)
        >= {{ var('signal_minimum_sessions') }} / 6e0
),

final as (
    select
        period_kind,
        period_start_date,
        period_end_date,
        dimension,
        dimension_value,
        rate_name,
        counted,
        base_count,
        open_count,
        rate,
        {{ wilson_bound('counted', 'base_count', '-') }} as rate_low,
        {{ wilson_bound('counted', 'base_count', '+') }} as rate_high,
        least_rate,
        most_rate,
        centre_rate,
        greatest(0e0, centre_rate - 3 * sigma) as control_low,
        least(1e0, centre_rate + 3 * sigma) as control_high,
        dispersion,
        base_start_date,
        base_end_date,
        base_counted,
        base_sessions,
        count(*) over (partition by period_kind, period_start_date) as judged_count
    from judged
)

select * from final
