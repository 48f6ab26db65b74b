-- Outcomes and the rate over time: by day up to two months of data, by week up to two years, else by month.
-- A period is provisional while a day of it is not over, or a session of it still open.
with

dates_counted as (
    select
        *,
        count(*) over () as date_count
    from {{ ref('dates') }}
),

periods as (
    select
        calendar_date,
        is_complete,
        case
            when date_count <= 62 then 'day'
            when date_count <= 731 then 'week'
            else 'month'
        end as period_length,
        case
            when date_count <= 62 then calendar_date
            when date_count <= 731 then week_start_date
            else month_start_date
        end as period_start_date
    from dates_counted
),

-- Left join: a period without a session is a gap in the line, not a line across it.
counted as (
    select
        periods.period_length,
        periods.period_start_date,
        coalesce(sum(daily.contained_sessions), 0) as contained_sessions,
        coalesce(sum(daily.closed_sessions), 0) as closed_sessions,
        coalesce(sum(daily.resolved_sessions), 0) as resolved_sessions,
        coalesce(sum(daily.timed_out_sessions), 0) as timed_out_sessions,
        coalesce(sum(daily.escalated_sessions), 0) as escalated_sessions,
        coalesce(sum(daily.open_sessions), 0) as open_sessions,
        coalesce(sum(daily.open_sessions), 0) > 0 or not min(periods.is_complete) as is_provisional
    from periods
    left join {{ ref('containment_daily') }} as daily
        on periods.calendar_date = daily.started_date
    group by periods.period_length, periods.period_start_date
)

select
    period_length,
    period_start_date,
    contained_sessions,
    closed_sessions,
    {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
    resolved_sessions,
    timed_out_sessions,
    escalated_sessions,
    open_sessions,
    is_provisional
from counted
order by period_start_date
