-- Which topics cost us containment? For the last month with sessions: the points by which the headline would rise
-- without each topic, the most costly first.
select
    period_start_date,
    topic,
    closed_sessions,
    share_of_sessions,
    containment_rate,
    headline_containment_rate,
    containment_rate_without,
    impact
from {{ ref('topics') }}
where
    period_kind = 'month'
    and period_start_date = (
        select max(months.period_start_date)
        from {{ ref('topics') }} as months
        where months.period_kind = 'month'
    )
order by impact asc
