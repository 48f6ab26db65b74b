-- What was containment worth, under the prices of the lookup? By month and currency. Priced sessions are those with a
-- price. The sums of low and high ends are further apart than a 95 % interval of the sum.
with

months as (
    select
        cast(date_trunc('month', started_date) as date) as month_start_date,
        sum(closed_sessions) as closed_sessions
    from {{ ref('containment_daily') }}
    group by month_start_date
),

priced as (
    select
        month_start_date,
        currency,
        sum(closed_sessions) as priced_sessions,
        sum(durable_sessions) as durable_sessions,
        sum(too_young_sessions) as too_young_sessions,
        sum(cost_avoided) as cost_avoided,
        sum(bot_cost) as bot_cost,
        sum(escalation_cost) as escalation_cost,
        sum(net_value) as net_value,
        sum(net_value_low) as net_value_low,
        sum(net_value_high) as net_value_high,
        min(basis) as basis
    from {{ ref('value') }}
    group by month_start_date, currency
)

select
    months.month_start_date,
    months.closed_sessions,
    priced.priced_sessions,
    priced.durable_sessions,
    priced.too_young_sessions,
    priced.currency,
    priced.cost_avoided,
    priced.bot_cost,
    priced.escalation_cost,
    priced.net_value,
    priced.net_value_low,
    priced.net_value_high,
    priced.basis
from months
left join priced
    on months.month_start_date = priced.month_start_date
order by months.month_start_date asc, priced.currency asc
