-- What moved the containment rate from the days before to the last complete days: the ten values with the greatest
-- effect. Within a dimension, mix and rate effects of all values add up to the change (as in containment_changes).
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

sessions as (
    select
        sessions.*,
        recent_days.is_before
    from {{ ref('sessions') }} as sessions
    inner join recent_days
        on sessions.started_date = recent_days.calendar_date
    where sessions.outcome <> 'open'
),

listed as (
    select
        'channel' as dimension,
        channel as dimension_value,
        is_before,
        is_contained
    from sessions
    union all
    select
        'brand' as dimension,
        brand as dimension_value,
        is_before,
        is_contained
    from sessions
    union all
    select
        'bot' as dimension,
        coalesce(bot_id, 'none') as dimension_value,
        is_before,
        is_contained
    from sessions
    union all
    select
        'topic' as dimension,
        coalesce(topic, 'none') as dimension_value,
        is_before,
        is_contained
    from sessions
),

counted as (
    select
        dimension,
        dimension_value,
        count(case when not is_before and is_contained then 1 end) as contained_sessions,
        count(case when not is_before then 1 end) as closed_sessions,
        count(case when is_before and is_contained then 1 end) as contained_sessions_before,
        count(case when is_before then 1 end) as closed_sessions_before
    from listed
    group by dimension, dimension_value
),

wholes_added as (
    select
        *,
        sum(contained_sessions) over (partition by dimension) as all_contained,
        sum(closed_sessions) over (partition by dimension) as all_closed,
        sum(contained_sessions_before) over (partition by dimension) as all_contained_before,
        sum(closed_sessions_before) over (partition by dimension) as all_closed_before
    from counted
),

-- A value that is new or gone has only one rate, so its whole effect is mix.
rates_added as (
    select
        *,
        {{ ratio('closed_sessions', 'all_closed') }} as share_of_sessions,
        {{ ratio('closed_sessions_before', 'all_closed_before') }} as share_of_sessions_before,
        coalesce(contained_sessions / nullif(closed_sessions, 0), contained_sessions_before / closed_sessions_before)
            as rate,
        coalesce(contained_sessions_before / nullif(closed_sessions_before, 0), contained_sessions / closed_sessions)
            as rate_before,
        (
            {{ ratio('all_contained', 'all_closed') }} + {{ ratio('all_contained_before', 'all_closed_before') }}
        ) / 2 as mean_of_wholes
    from wholes_added
    where all_closed > 0 and all_closed_before > 0
),

effects_added as (
    select
        *,
        100 * (share_of_sessions + share_of_sessions_before) / 2 * (rate - rate_before) as rate_effect,
        100 * (share_of_sessions - share_of_sessions_before) * ((rate + rate_before) / 2 - mean_of_wholes) as mix_effect
    from rates_added
)

select
    dimension_value,
    dimension,
    rate_effect + mix_effect as total_effect,
    rate_effect,
    mix_effect,
    case when closed_sessions > 0 then rate end as containment_rate,
    case when closed_sessions_before > 0 then rate_before end as containment_rate_before,
    closed_sessions,
    closed_sessions_before
from effects_added
-- To nine digits, so that the order does not hang on how a computer rounds.
order by round(abs(rate_effect + mix_effect), 9) desc, dimension asc, dimension_value asc
limit 10
