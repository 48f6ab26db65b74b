-- The last 7, 28 and 91 finished days, each beside as many days before them.
with

spans as (
    select 7 as day_count
    union all
    select 28 as day_count
    union all
    select 91 as day_count
),

last_day as (
    select max(calendar_date) as last_date from {{ ref('dates') }}
    where is_complete
),

days_numbered as (
    select
        daily.*,
        date_diff('day', daily.started_date, last_day.last_date) as days_before_last
    from {{ ref('containment_daily') }} as daily
    cross join last_day
    where daily.started_date <= last_day.last_date
),

days_of_spans as (
    select
        spans.day_count,
        days_numbered.*
    from spans
    inner join days_numbered
        on days_numbered.days_before_last < 2 * spans.day_count
),

counted as (
    select
        day_count,
        sum(case when days_before_last < day_count then contained_sessions else 0 end) as contained_sessions,
        sum(case when days_before_last < day_count then closed_sessions else 0 end) as closed_sessions,
        sum(case when days_before_last >= day_count then contained_sessions else 0 end) as contained_sessions_before,
        sum(case when days_before_last >= day_count then closed_sessions else 0 end) as closed_sessions_before
    from days_of_spans
    group by day_count
),

rates_added as (
    select
        *,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
        {{ ratio('contained_sessions_before', 'closed_sessions_before') }} as containment_rate_before
    from counted
)

select
    'last ' || day_count || ' days' as period,
    contained_sessions,
    closed_sessions,
    containment_rate,
    containment_rate_low,
    containment_rate_high,
    closed_sessions_before,
    containment_rate_before,
    100 * (containment_rate - containment_rate_before) as containment_rate_change
from rates_added
where closed_sessions > 0
order by day_count
