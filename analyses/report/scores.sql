-- The mean scores of contained and of escalated sessions in the last complete days, beside as many days before them,
-- with the 95 % interval of the change, in points: the normal one of a mean, cut to what a mean can be. Fewer than 10
-- scores have none.
with

last_day as (
    select coalesce(max(case when is_complete then calendar_date end), max(calendar_date)) as last_date
    from {{ ref('dates') }}
),

days as (
    select
        dates.calendar_date,
        date_diff('day', dates.calendar_date, last_day.last_date) >= {{ var('report_days') }} as is_before
    from {{ ref('dates') }} as dates
    cross join last_day
    where date_diff('day', dates.calendar_date, last_day.last_date) between 0 and 2 * {{ var('report_days') }} - 1
),

counted as (
    select
        sessions.is_contained,
        count(case when not days.is_before then 1 end) as base_count,
        sum(case when not days.is_before then sessions.csat_score end) as score_sum,
        sum(case when not days.is_before then sessions.csat_score * sessions.csat_score end) as square_sum,
        count(case when days.is_before then 1 end) as base_count_before,
        sum(case when days.is_before then sessions.csat_score end) as score_sum_before,
        sum(case when days.is_before then sessions.csat_score * sessions.csat_score end) as square_sum_before
    from {{ ref('sessions') }} as sessions
    inner join days
        on sessions.started_date = days.calendar_date
    where sessions.csat_score is not null and sessions.outcome <> 'open'
    group by sessions.is_contained
),

means_added as (
    select
        *,
        score_sum / base_count as rate,
        {{ ratio('score_sum_before', 'base_count_before') }} as rate_before
    from counted
    where base_count > 0
),

variance_added as (
    select
        *,
        greatest(square_sum / base_count - rate * rate, 0) as variance,
        greatest(square_sum_before / nullif(base_count_before, 0) - rate_before * rate_before, 0) as variance_before
    from means_added
),

reach_added as (
    select
        *,
        case when base_count >= 10 then 1.959963984540054 * sqrt(variance / (base_count - 1)) end as reach,
        case when base_count_before >= 10 then 1.959963984540054 * sqrt(variance_before / (base_count_before - 1)) end
            as reach_before
    from variance_added
),

change_added as (
    select
        *,
        100 * (rate - rate_before) as rate_change,
        100 * sqrt(reach * reach + reach_before * reach_before) as change_reach
    from reach_added
)

select
    case when is_contained then 'contained_csat_score' else 'escalated_csat_score' end as tile,
    score_sum as counted,
    base_count,
    rate,
    case when reach is not null then greatest(rate - reach, 0) end as rate_low,
    case when reach is not null then least(rate + reach, 1) end as rate_high,
    base_count_before,
    rate_before,
    rate_change,
    case when change_reach is not null then greatest(rate_change - change_reach, -100) end as rate_change_low,
    case when change_reach is not null then least(rate_change + change_reach, 100) end as rate_change_high
from change_added
order by tile
