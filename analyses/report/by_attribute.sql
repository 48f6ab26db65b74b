-- The last complete days: each attribute and its 12 values with the most closed sessions, and all others summed in one
-- row. A session with several values is in the row of each.
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

sessions as (
    select sessions.*
    from {{ ref('sessions') }} as sessions
    inner join recent_days
        on sessions.started_date = recent_days.calendar_date
    where sessions.outcome <> 'open'
),

attributes as (
    select distinct attribute from {{ ref('session_attributes') }}
),

-- Left join: sessions without a value are counted as none.
values_added as (
    select
        attributes.attribute,
        coalesce(given.value, 'none') as value,
        sessions.is_contained
    from sessions
    cross join attributes
    left join {{ ref('session_attributes') }} as given
        on
            sessions.session_id = given.session_id
            and attributes.attribute = given.attribute
),

counted as (
    select
        attribute,
        value,
        count(case when is_contained then 1 end) as contained_sessions,
        count(*) as closed_sessions
    from values_added
    group by attribute, value
),

placed as (
    select
        *,
        row_number() over (partition by attribute order by closed_sessions desc, value asc) as place
    from counted
),

summed as (
    select
        attribute,
        least(place, 13) as place,
        count(*) > 1 as is_rest,
        case when count(*) > 1 then format('others ({:,} values)', count(*)) else any_value(value) end as value,
        sum(contained_sessions) as contained_sessions,
        sum(closed_sessions) as closed_sessions
    from placed
    group by attribute, least(place, 13)
)

select
    value,
    attribute,
    is_rest,
    {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
    contained_sessions,
    closed_sessions
from summed
order by attribute, place
