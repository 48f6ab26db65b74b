-- What containment was worth under the prices of the lookup, by month and currency; the newest 24 rows.
select
    month_start_date,
    currency,
    sum(net_value) as net_amount,
    sum(net_value_low) as net_amount_low,
    sum(net_value_high) as net_amount_high,
    sum(cost_avoided) as avoided_amount,
    sum(bot_cost) as bot_amount,
    sum(escalation_cost) as escalation_amount,
    sum(closed_sessions) as closed_sessions,
    sum(durable_sessions) as durable_sessions,
    sum(too_young_sessions) as too_young_sessions
from {{ ref('value') }}
group by month_start_date, currency
order by month_start_date desc, currency asc
limit 24
