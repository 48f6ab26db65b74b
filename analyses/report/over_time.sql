-- The containment rate and the outcomes up to the last complete day: as long as the chosen days, and at least twelve
-- weeks; by day up to 100 days, by week up to two years, otherwise by month. The first week or month may be cut. A
-- period is provisional while a session of it is open.
with

last_day as (
    select coalesce(max(case when is_complete then calendar_date end), max(calendar_date)) as last_date
    from {{ ref('dates') }}
),

days as (
    select
        dates.calendar_date,
        dates.week_start_date,
        dates.month_start_date,
        count(*) over () as day_count
    from {{ ref('dates') }} as dates
    cross join last_day
    where
        date_diff('day', dates.calendar_date, last_day.last_date)
        between 0 and greatest({{ var('report_days') }}, 84) - 1
),

periods as (
    select
        calendar_date,
        case
            when day_count <= 100 then 'day'
            when day_count <= 731 then 'week'
            else 'month'
        end as period_length,
        case
            when day_count <= 100 then calendar_date
            when day_count <= 731 then week_start_date
            else month_start_date
        end as period_start_date
    from days
),

-- Left join: a period without a session must show as a gap in the line.
counted as (
    select
        periods.period_length,
        periods.period_start_date,
        coalesce(sum(daily.contained_sessions), 0) as contained_sessions,
        coalesce(sum(daily.closed_sessions), 0) as closed_sessions,
        coalesce(sum(daily.resolved_sessions), 0) as resolved_sessions,
        coalesce(sum(daily.timed_out_sessions), 0) as timed_out_sessions,
        coalesce(sum(daily.escalated_sessions), 0) as escalated_sessions,
        coalesce(sum(daily.open_sessions), 0) as open_sessions
    from periods
    left join {{ ref('containment_daily') }} as daily
        on periods.calendar_date = daily.started_date
    group by periods.period_length, periods.period_start_date
)

select
    period_start_date,
    {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
    contained_sessions,
    closed_sessions,
    resolved_sessions,
    timed_out_sessions,
    escalated_sessions,
    open_sessions,
    open_sessions > 0 as is_provisional,
    period_length
from counted
order by period_start_date
