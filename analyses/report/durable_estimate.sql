-- The product-limit estimate of the share of contained sessions of the last complete days whose customer does not come
-- back within 7 days, with its standard error: those too young to know count for as long as they are known.
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

-- In microseconds, as the mart durable_estimates counts.
followed as (
    select
        date_diff('microsecond', sessions.ended_at, in_force.as_of) as age_us,
        date_diff('microsecond', sessions.ended_at, sessions.next_contact_started_at) as return_us
    from {{ ref('sessions') }} as sessions
    cross join {{ ref('settings') }} as in_force
    inner join recent_days
        on sessions.started_date = recent_days.calendar_date
    where sessions.is_contained
),

ends_added as (
    select
        coalesce(return_us <= least(age_us, 604800000000), false) as is_back,
        case
            when return_us <= least(age_us, 604800000000) then greatest(return_us, 0)
            else least(age_us, 604800000000)
        end as followed_us
    from followed
    where age_us >= 0
),

-- A session is at risk at each time up to which it is followed, that time included.
at_risk_added as (
    select
        followed_us,
        count(case when is_back then 1 end) as returned_sessions,
        sum(count(*)) over (order by followed_us desc) as at_risk_sessions
    from ends_added
    group by followed_us
),

summed as (
    select
        max(at_risk_sessions) as contained_sessions,
        max(followed_us) = 604800000000 as is_followed_7d,
        exp(sum(case when returned_sessions < at_risk_sessions then ln(1 - returned_sessions / at_risk_sessions) end))
            as estimate,
        sum(
            case
                when returned_sessions < at_risk_sessions
                    then returned_sessions / at_risk_sessions / (at_risk_sessions - returned_sessions)
            end
        ) as relative_variance
    from at_risk_added
)

select
    contained_sessions,
    round(estimate, 9) as durable_containment_7d_estimate,
    round(estimate * sqrt(relative_variance), 9) as durable_containment_7d_standard_error
from summed
where is_followed_7d
