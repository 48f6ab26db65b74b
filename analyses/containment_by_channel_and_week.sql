-- How did containment move, channel by channel? Counts are summed and then divided; rates are never averaged.
select
    daily.channel,
    dates.week_start_date,
    sum(daily.contained_sessions) as contained_sessions,
    sum(daily.closed_sessions) as closed_sessions,
    {{ ratio('sum(daily.contained_sessions)', 'sum(daily.closed_sessions)') }} as containment_rate
from {{ ref('containment_daily') }} as daily
inner join {{ ref('dates') }} as dates
    on daily.started_date = dates.calendar_date
group by daily.channel, dates.week_start_date
order by daily.channel, dates.week_start_date
