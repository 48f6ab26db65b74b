-- Why the sessions of the last complete days were escalated, and how soon a person answered: the 20 most frequent
-- reasons, and all others in one row.
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
        coalesce(escalations.escalation_reason, 'not given') as escalation_reason,
        count(*) as escalated_sessions,
        count(case when escalations.wait_seconds <= 300 then 1 end) as answered_5_min_sessions,
        count(case when escalations.wait_seconds <= 3600 then 1 end) as answered_1_h_sessions,
        count(case when escalations.wait_seconds <= 86400 then 1 end) as answered_1_day_sessions,
        count(escalations.wait_seconds) as answered_sessions
    from {{ ref('escalations') }} as escalations
    inner join recent_days
        on escalations.started_date = recent_days.calendar_date
    group by coalesce(escalations.escalation_reason, 'not given')
),

placed as (
    select
        *,
        row_number() over (order by escalated_sessions desc, escalation_reason asc) as place
    from counted
),

-- A reason may itself be named `others`, so is_rest marks the row of sums. A single remaining reason keeps its name.
summed as (
    select
        least(place, 21) as place,
        count(*) > 1 as is_rest,
        case when count(*) > 1 then format('others ({:,} reasons)', count(*)) else any_value(escalation_reason) end
            as escalation_reason,
        sum(escalated_sessions) as escalated_sessions,
        sum(answered_5_min_sessions) as answered_5_min_sessions,
        sum(answered_1_h_sessions) as answered_1_h_sessions,
        sum(answered_1_day_sessions) as answered_1_day_sessions,
        sum(answered_sessions) as answered_sessions
    from placed
    group by least(place, 21)
)

select
    escalation_reason,
    is_rest,
    {{ ratio('answered_5_min_sessions', 'escalated_sessions') }} as answered_within_5_min_rate,
    {{ wilson_bound('answered_5_min_sessions', 'escalated_sessions', '-') }} as answered_within_5_min_rate_low,
    {{ wilson_bound('answered_5_min_sessions', 'escalated_sessions', '+') }} as answered_within_5_min_rate_high,
    escalated_sessions,
    {{ ratio('escalated_sessions', 'sum(escalated_sessions) over ()') }} as escalated_session_share,
    {{ ratio('answered_1_h_sessions', 'escalated_sessions') }} as within_1_hour_rate,
    {{ ratio('answered_1_day_sessions', 'escalated_sessions') }} as within_1_day_rate,
    {{ ratio('answered_sessions', 'escalated_sessions') }} as answered_at_all_rate
from summed
order by place
