-- At which hours does the bot lose sessions, on working days and at weekends, in the reporting time zone?
select
    iso_weekday in (6, 7) as is_weekend,
    hour_of_day,
    sum(closed_sessions) as closed_sessions,
    sum(escalated_sessions) as escalated_sessions,
    {{ ratio('sum(escalated_sessions)', 'sum(closed_sessions)') }} as escalation_rate
from {{ ref('sessions_by_hour') }}
group by iso_weekday in (6, 7), hour_of_day
order by is_weekend, hour_of_day
