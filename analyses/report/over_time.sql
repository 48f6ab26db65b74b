-- Outcomes and the rate over time: by day up to two months of data, by week up to two years, otherwise by month. A
-- period is provisional while one of its days is not over or one of its sessions is open.
with

dates_counted as (
    select
        *,
        count(*) over () as date_count
    from {{ ref('dates') }}
),

periods as (
    select
        calendar_date,
        is_complete,
        case
            when date_count <= 62 then 'day'
            when date_count <= 731 then 'week'
            else 'month'
        end as period_length,
        case
            when date_count <= 62 then calendar_date
            when date_count <= 731 then week_start_date
            else month_start_date
        end as period_start_date
    from dates_counted
),

releases as (
    select
        cast(release_started_at as date) as released_date,
        string_agg(bot_id || ' ' || bot_release, ', ' order by bot_id, bot_release) as releases
    from {{ ref('bot_releases_compared') }}
    group by released_date
),

-- Left join: a period without a session must show as a gap in the line.
counted as (
    select
        periods.period_length,
        periods.period_start_date,
        coalesce(sum(daily.contained_sessions), 0) as contained_sessions,
        coalesce(sum(daily.closed_sessions), 0) as closed_sessions,
        coalesce(sum(daily.resolved_sessions), 0) as resolved_sessions,
        coalesce(sum(daily.timed_out_sessions), 0) as timed_out_sessions,
        coalesce(sum(daily.escalated_sessions), 0) as escalated_sessions,
        coalesce(sum(daily.open_sessions), 0) as open_sessions,
        coalesce(sum(daily.open_sessions), 0) > 0 or not min(periods.is_complete) as is_provisional
    from periods
    left join {{ ref('containment_daily') }} as daily
        on periods.calendar_date = daily.started_date
    group by periods.period_length, periods.period_start_date
),

released as (
    select
        periods.period_start_date,
        string_agg(releases.releases, ', ' order by releases.released_date) as releases
    from periods
    inner join releases
        on periods.calendar_date = releases.released_date
    group by periods.period_start_date
)

select
    counted.period_length,
    counted.period_start_date,
    counted.contained_sessions,
    counted.closed_sessions,
    {{ ratio('counted.contained_sessions', 'counted.closed_sessions') }} as containment_rate,
    {{ wilson_bound('counted.contained_sessions', 'counted.closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('counted.contained_sessions', 'counted.closed_sessions', '+') }} as containment_rate_high,
    counted.resolved_sessions,
    counted.timed_out_sessions,
    counted.escalated_sessions,
    counted.open_sessions,
    counted.is_provisional,
    released.releases
from counted
left join released
    on counted.period_start_date = released.period_start_date
order by counted.period_start_date
