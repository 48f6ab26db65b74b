-- Claims of a vendor
-- What the vendor counts, and bills, beside our verdict. Empty without claims. Amounts add up within a currency only.
-- Chart: Table.
-- A line in [[ ]] counts once its variable (Text) has a value: 2026-01-31, chat.
with described as (
    select cast(date_trunc('day', claimed_date) as date) as day,
        cast(date_trunc('week', claimed_date) as date) as week,
        cast(date_trunc('month', claimed_date) as date) as month,
        cast(date_trunc('quarter', claimed_date) as date) as quarter,
        cast(date_trunc('year', claimed_date) as date) as year,
        source as source,
        currency as currency,
        verdict as verdict,
        reason as reason,
        case when verdict <> 'no claim' then 1 else 0 end as claims,
        case when verdict <> 'no claim' then amount end as amount_claimed
    from marts.claims_audited
),
counted as (
    select verdict,
        currency,
        sum(claims) as claims,
        sum(amount_claimed) as amount_claimed
    from described
    where true
        [[and day >= cast({{from_day}} as date)]]
        [[and day <= cast({{to_day}} as date)]]
        [[and source = {{source}}]]
    group by verdict, currency
),
ratios_added as (
    select *
    from counted
)
select verdict,
        currency,
        claims,
        amount_claimed
from ratios_added
order by verdict, currency
