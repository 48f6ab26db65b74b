-- Counts per day that the page adds up again for its filters: closed sessions by the hour of their start, in the
-- reporting time zone.
select
    sessions.started_date,
    sessions.source,
    sessions.channel,
    {{ local_hour('sessions.started_at', 'in_force.reporting_timezone') }} as hour_of_day,
    count(*) as closed,
    count(case when sessions.is_contained then 1 end) as contained
from {{ ref('sessions') }} as sessions
cross join {{ ref('settings') }} as in_force
where sessions.is_contained is not null
group by
    sessions.started_date, sessions.source, sessions.channel,
    {{ local_hour('sessions.started_at', 'in_force.reporting_timezone') }}
