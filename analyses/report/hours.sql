-- At which hours, in the reporting time zone, the sessions of the last complete days started, and how many were lost.
with

last_day as (
    select coalesce(max(case when is_complete then calendar_date end), max(calendar_date)) as last_date
    from {{ ref('dates') }}
),

recent_days as (
    select dates.calendar_date
    from {{ ref('dates') }} as dates
    cross join last_day
    where date_diff('day', dates.calendar_date, last_day.last_date) between 0 and {{ var('report_days') }} - 1
),

hour_added as (
    select
        isodow(sessions.started_date) as iso_weekday,
        {{ local_hour('sessions.started_at', 'in_force.reporting_timezone') }} as hour_of_day,
        sessions.is_contained
    from {{ ref('sessions') }} as sessions
    cross join {{ ref('settings') }} as in_force
    inner join recent_days
        on sessions.started_date = recent_days.calendar_date
    where sessions.is_contained is not null
),

counted as (
    select
        iso_weekday,
        hour_of_day,
        count(*) as closed_sessions,
        count(case when is_contained then 1 end) as contained_sessions
    from hour_added
    group by iso_weekday, hour_of_day
)

select
    iso_weekday,
    hour_of_day,
    {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
    contained_sessions,
    closed_sessions
from counted
order by iso_weekday, hour_of_day
