-- All demand holds each session once, and the trend holds all demand of its days.
with

whole as (
    select
        coalesce(sum(contacts), 0) as contacts,
        coalesce(sum(bot_involved_sessions), 0) as bot_involved_contacts,
        coalesce(sum(closed_contacts), 0) as closed_contacts,
        coalesce(sum(automated_sessions), 0) as automated_sessions
    from {{ ref('demand') }}
),

sessions as (
    select
        coalesce(sum(closed_sessions), 0) as closed_sessions,
        coalesce(sum(open_sessions), 0) as open_sessions,
        coalesce(sum(automated_sessions), 0) as automated_sessions
    from {{ ref('containment_daily') }}
),

-- Days far from the rest, and days before the first session, have no row in the calendar.
drawn as (
    select
        coalesce(sum(demand.contacts), 0) as contacts,
        coalesce(sum(demand.bot_involved_sessions), 0) as bot_involved_contacts
    from {{ ref('demand') }} as demand
    inner join {{ ref('dates') }} as dates
        on demand.started_date = dates.calendar_date
),

trends as (
    select
        period_kind,
        sum(contacts) as contacts,
        sum(bot_involved_contacts) as bot_involved_contacts
    from {{ ref('containment_trend') }}
    group by period_kind
)

select 'demand' as name_of_mart
from whole
cross join sessions
where
    whole.contacts < sessions.closed_sessions + sessions.open_sessions
    or whole.contacts < whole.bot_involved_contacts
    or whole.contacts - whole.closed_contacts < sessions.open_sessions
    or whole.automated_sessions <> sessions.automated_sessions
union all
select concat('trend by ', trends.period_kind) as name_of_mart
from trends
cross join drawn
where trends.contacts <> drawn.contacts or trends.bot_involved_contacts <> drawn.bot_involved_contacts
