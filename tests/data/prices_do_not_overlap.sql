-- A day has one price of a source and channel.
with

prices as (
    select
        *,
        -- Without an end it holds until the next one, and beyond.
        coalesce(to_date, cast('9999-12-31' as date)) as last_date,
        lead(from_date) over (partition by source, channel order by from_date) as next_from_date
    from {{ ref('int_prices') }}
)

select
    source,
    channel,
    from_date
from prices
where last_date < from_date or last_date >= next_from_date
