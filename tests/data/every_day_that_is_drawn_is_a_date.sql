-- Every day with sessions has a row in dates, unless it is far from the rest: before its first date or after its last.
with

drawn as (
    select
        min(calendar_date) as first_date,
        max(calendar_date) as last_date
    from {{ ref('dates') }}
)

select daily.started_date
from {{ ref('containment_daily') }} as daily
cross join drawn
left join {{ ref('dates') }} as dates
    on daily.started_date = dates.calendar_date
where
    daily.started_date between drawn.first_date and drawn.last_date
    and dates.calendar_date is null
