-- How content the customers of the last complete days are, by what became of them: the mean of the scores, each from 0
-- to 1. Beside it the conversations of people alone.
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
        satisfaction.outcome_group,
        sum(satisfaction.csat_score_sum) as csat_score_sum,
        sum(satisfaction.rated_segments) as rated,
        sum(satisfaction.closed_segments) as closed
    from {{ ref('satisfaction') }} as satisfaction
    inner join recent_days
        on satisfaction.started_date = recent_days.calendar_date
    group by satisfaction.outcome_group
)

select
    outcome_group,
    {{ ratio('csat_score_sum', 'rated') }} as csat_score_rate,
    rated,
    closed,
    {{ ratio('rated', 'closed') }} as response_rate
from counted
where rated > 0
order by outcome_group
