-- The impact of a topic, in points, as in the mart topics: the containment rate of the last complete days less what it
-- is without the topic. The 20 topics with the greatest impact, and one row for all others together.
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

counted as (
    select
        coalesce(sessions.topic, 'none') as topic,
        count(sessions.is_contained) as closed_sessions,
        count(case when sessions.is_contained then 1 end) as contained_sessions
    from {{ ref('sessions') }} as sessions
    inner join recent_days
        on sessions.started_date = recent_days.calendar_date
    group by coalesce(sessions.topic, 'none')
    having count(sessions.is_contained) > 0
),

headline_added as (
    select
        *,
        sum(closed_sessions) over () as all_closed_sessions,
        sum(contained_sessions) over () as all_contained_sessions
    from counted
),

impact_added as (
    select
        *,
        {{ ratio('all_contained_sessions', 'all_closed_sessions') }}
        - {{ ratio('(all_contained_sessions - contained_sessions)', '(all_closed_sessions - closed_sessions)') }}
            as impact
    from headline_added
),

-- To nine digits, so that the order does not hang on how a computer rounds.
placed as (
    select
        *,
        row_number() over (order by round(abs(impact), 9) desc nulls last, topic asc) as place
    from impact_added
),

-- A topic may itself be named `others`, so is_rest marks the row of sums. A single remaining topic keeps its name.
summed as (
    select
        least(place, 21) as place,
        count(*) > 1 as is_rest,
        case when count(*) > 1 then format('others ({:,} topics)', count(*)) else any_value(topic) end as topic,
        sum(closed_sessions) as closed_sessions,
        sum(contained_sessions) as contained_sessions,
        max(all_closed_sessions) as all_closed_sessions,
        max(all_contained_sessions) as all_contained_sessions
    from placed
    group by least(place, 21)
)

select
    topic,
    is_rest,
    {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
    100 * (
        {{ ratio('all_contained_sessions', 'all_closed_sessions') }}
        - {{ ratio('(all_contained_sessions - contained_sessions)', '(all_closed_sessions - closed_sessions)') }}
    ) as impact,
    contained_sessions,
    closed_sessions
from summed
order by place
