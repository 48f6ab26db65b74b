-- The last complete days beside as many days before them: four rates, each with the 95 % interval of its change, in
-- points.
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

sessions_counted as (
    select
        days.is_before,
        sum(daily.contained_sessions) as contained_sessions,
        sum(daily.closed_sessions) as closed_sessions,
        sum(daily.durable_7d_sessions) as durable_7d_sessions,
        sum(daily.matured_7d_sessions) as matured_7d_sessions
    from {{ ref('containment_daily') }} as daily
    inner join days
        on daily.started_date = days.calendar_date
    group by days.is_before
),

contacts_counted as (
    select
        days.is_before,
        sum(demand.bot_involved_sessions) as bot_involved_sessions,
        sum(demand.contacts) as contacts
    from {{ ref('demand') }} as demand
    inner join days
        on demand.started_date = days.calendar_date
    group by days.is_before
),

waits_counted as (
    select
        days.is_before,
        count(case when escalations.wait_seconds <= 300 then 1 end) as soon_answered_sessions,
        count(*) as escalated_sessions
    from {{ ref('escalations') }} as escalations
    inner join days
        on escalations.started_date = days.calendar_date
    group by days.is_before
),

listed as (
    select
        1 as place,
        'containment_rate' as tile,
        is_before,
        contained_sessions as counted,
        closed_sessions as base_count
    from sessions_counted
    union all
    select
        2 as place,
        'coverage_rate' as tile,
        is_before,
        bot_involved_sessions as counted,
        contacts as base_count
    from contacts_counted
    union all
    select
        3 as place,
        'durable_containment_rate_7d' as tile,
        is_before,
        durable_7d_sessions as counted,
        matured_7d_sessions as base_count
    from sessions_counted
    union all
    select
        4 as place,
        'answered_within_5_min_rate' as tile,
        is_before,
        soon_answered_sessions as counted,
        escalated_sessions as base_count
    from waits_counted
),

side_by_side as (
    select
        place,
        tile,
        sum(case when not is_before then counted end) as counted,
        sum(case when not is_before then base_count end) as base_count,
        sum(case when is_before then counted end) as counted_before,
        sum(case when is_before then base_count end) as base_count_before
    from listed
    group by place, tile
),

rates_added as (
    select
        *,
        {{ ratio('counted', 'base_count') }} as rate,
        {{ ratio('counted_before', 'base_count_before') }} as rate_before
    from side_by_side
),

intervals_added as (
    select
        *,
        {{ wilson_bound('counted', 'base_count', '-') }} as rate_low,
        {{ wilson_bound('counted', 'base_count', '+') }} as rate_high,
        {{ wilson_bound('counted_before', 'base_count_before', '-') }} as rate_before_low,
        {{ wilson_bound('counted_before', 'base_count_before', '+') }} as rate_before_high
    from rates_added
)

select
    tile,
    counted,
    base_count,
    rate,
    rate_low,
    rate_high,
    base_count_before,
    rate_before,
    100 * (rate - rate_before) as rate_change,
    {{ difference_bound('rate', 'rate_low', 'rate_before', 'rate_before_high', '-') }} as rate_change_low,
    {{ difference_bound('rate', 'rate_high', 'rate_before', 'rate_before_low', '+') }} as rate_change_high
from intervals_added
where base_count > 0
order by place
