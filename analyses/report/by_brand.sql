-- The last complete days beside as many before: the 20 brands with the most closed sessions, and all others summed in
-- one row.
with

last_day as (
    select coalesce(max(case when is_complete then calendar_date end), max(calendar_date)) as last_date
    from {{ ref('dates') }}
),

recent_days as (
    select
        dates.calendar_date,
        date_diff('day', dates.calendar_date, last_day.last_date) >= {{ var('report_days') }} as is_before
    from {{ ref('dates') }} as dates
    cross join last_day
    where date_diff('day', dates.calendar_date, last_day.last_date) between 0 and 2 * {{ var('report_days') }} - 1
),

days_placed as (
    select
        daily.*,
        recent_days.is_before
    from {{ ref('containment_daily') }} as daily
    inner join recent_days
        on daily.started_date = recent_days.calendar_date
),

counted as (
    select
        brand,
        sum(case when not is_before then contained_sessions else 0 end) as contained_sessions,
        sum(case when not is_before then closed_sessions else 0 end) as closed_sessions,
        sum(case when is_before then contained_sessions else 0 end) as contained_sessions_before,
        sum(case when is_before then closed_sessions else 0 end) as closed_sessions_before,
        sum(case when not is_before then durable_7d_sessions else 0 end) as durable_7d_sessions,
        sum(case when not is_before then matured_7d_sessions else 0 end) as matured_7d_sessions
    from days_placed
    group by brand
),

placed as (
    select
        *,
        row_number() over (order by closed_sessions desc, brand asc) as place
    from counted
    where closed_sessions > 0
),

-- A value may itself be named `others`, so is_rest marks the row of sums. A single remaining brand keeps its name.
summed as (
    select
        least(place, 21) as place,
        count(*) > 1 as is_rest,
        case when count(*) > 1 then format('others ({:,} brands)', count(*)) else any_value(brand) end as brand,
        sum(contained_sessions) as contained_sessions,
        sum(closed_sessions) as closed_sessions,
        sum(contained_sessions_before) as contained_sessions_before,
        sum(closed_sessions_before) as closed_sessions_before,
        sum(durable_7d_sessions) as durable_7d_sessions,
        sum(matured_7d_sessions) as matured_7d_sessions
    from placed
    group by least(place, 21)
),

rates_added as (
    select
        *,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
        {{ ratio('contained_sessions_before', 'closed_sessions_before') }} as rate_before,
        {{ wilson_bound('contained_sessions_before', 'closed_sessions_before', '-') }} as rate_before_low,
        {{ wilson_bound('contained_sessions_before', 'closed_sessions_before', '+') }} as rate_before_high
    from summed
)

select
    brand,
    is_rest,
    containment_rate,
    containment_rate_low,
    containment_rate_high,
    100 * (containment_rate - rate_before) as containment_rate_change,
    {{ difference_bound('containment_rate', 'containment_rate_low', 'rate_before', 'rate_before_high', '-') }}
        as containment_rate_change_low,
    {{ difference_bound('containment_rate', 'containment_rate_high', 'rate_before', 'rate_before_low', '+') }}
        as containment_rate_change_high,
    contained_sessions,
    closed_sessions,
    {{ ratio('durable_7d_sessions', 'matured_7d_sessions') }} as durable_containment_rate_7d
from rates_added
order by place
