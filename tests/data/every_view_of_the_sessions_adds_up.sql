-- Every mart counts the same sessions: closed and contained sum to those of all days.
with

whole as (
    select
        coalesce(sum(closed_sessions), 0) as closed_sessions,
        coalesce(sum(contained_sessions), 0) as contained_sessions
    from {{ ref('containment_daily') }}
),

-- Days far from the rest have no row in the calendar.
not_drawn as (
    select
        coalesce(sum(daily.closed_sessions), 0) as closed_sessions,
        coalesce(sum(daily.contained_sessions), 0) as contained_sessions
    from {{ ref('containment_daily') }} as daily
    left join {{ ref('dates') }} as dates
        on daily.started_date = dates.calendar_date
    where dates.calendar_date is null
),

views as (
    select
        concat('trend by ', trend.period_kind) as name_of_view,
        sum(trend.closed_sessions) + max(not_drawn.closed_sessions) as closed_sessions,
        sum(trend.contained_sessions) + max(not_drawn.contained_sessions) as contained_sessions
    from {{ ref('containment_trend') }} as trend
    cross join not_drawn
    group by trend.period_kind
    union all
    select
        'sessions_by_hour' as name_of_view,
        sum(closed_sessions) as closed_sessions,
        sum(contained_sessions) as contained_sessions
    from {{ ref('sessions_by_hour') }}
    union all
    select
        'bots, the first' as name_of_view,
        sum(closed_sessions) as closed_sessions,
        sum(contained_sessions) as contained_sessions
    from {{ ref('bots') }}
    union all
    select
        'bots, the last' as name_of_view,
        sum(last_bot_closed_sessions) as closed_sessions,
        sum(last_bot_closed_sessions - last_bot_escalated_sessions) as contained_sessions
    from {{ ref('bots') }}
    union all
    select
        concat('topics by ', period_kind) as name_of_view,
        sum(closed_sessions) as closed_sessions,
        sum(contained_sessions) as contained_sessions
    from {{ ref('topics') }}
    group by period_kind
    union all
    select
        concat(dimension, ' by ', period_kind) as name_of_view,
        sum(closed_sessions) as closed_sessions,
        sum(contained_sessions) as contained_sessions
    from {{ ref('containment_by_dimension') }}
    group by dimension, period_kind
    union all
    select
        'recontacts' as name_of_view,
        sum(closed_sessions) as closed_sessions,
        sum(case when outcome <> 'escalated' then closed_sessions else 0 end) as contained_sessions
    from {{ ref('recontacts') }}
    union all
    select
        'escalations' as name_of_view,
        whole.closed_sessions,
        whole.closed_sessions - (select count(*) from {{ ref('escalations') }}) as contained_sessions
    from whole
)

select views.*
from views
cross join whole
where
    coalesce(views.closed_sessions, 0) <> whole.closed_sessions
    or coalesce(views.contained_sessions, 0) <> whole.contained_sessions
