-- What came within 7 days after a session of the last complete days, by its outcome: people, another session, or
-- nothing. Sessions that ended less than 7 days before as_of are not yet known.
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
        recontacts.outcome,
        sum(recontacts.matured_7d_sessions) as known_sessions,
        sum(recontacts.recontacted_7d_human_sessions + recontacts.recontacted_7d_handoff_sessions) as people_sessions,
        sum(recontacts.recontacted_7d_session_sessions + recontacts.recontacted_7d_merged_sessions) as again_sessions
    from {{ ref('recontacts') }} as recontacts
    inner join recent_days
        on recontacts.started_date = recent_days.calendar_date
    group by recontacts.outcome
)

select
    outcome,
    {{ ratio('(people_sessions + again_sessions)', 'known_sessions') }} as recontact_rate,
    {{ wilson_bound('(people_sessions + again_sessions)', 'known_sessions', '-') }} as recontact_rate_low,
    {{ wilson_bound('(people_sessions + again_sessions)', 'known_sessions', '+') }} as recontact_rate_high,
    people_sessions,
    again_sessions,
    known_sessions - people_sessions - again_sessions as nothing_sessions,
    known_sessions
from counted
where known_sessions > 0
order by outcome
