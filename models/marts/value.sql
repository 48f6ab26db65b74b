-- What the sessions of a month were worth under the prices of the lookup. Without prices there is no row.
with

days as (
    select
        started_date,
        source,
        channel,
        sum(closed_sessions) as closed_sessions,
        sum(bot_involved_sessions + open_bot_involved_sessions) as bot_sessions,
        sum(escalated_sessions) as escalated_sessions,
        sum(contained_sessions) as contained_sessions,
        sum(contained_sessions - matured_7d_sessions) as too_young_sessions,
        sum(durable_7d_sessions) as durable_sessions
    from {{ ref('containment_daily') }}
    group by started_date, source, channel
),

-- A price of the source goes before one of the channel alone, and that one before a price for all.
prices_of_days as (
    select
        days.*,
        cast({{ dbt.date_trunc('month', 'days.started_date') }} as date) as month_start_date,
        prices.source as price_source,
        prices.channel as price_channel,
        prices.from_date as price_from_date,
        prices.to_date as price_to_date,
        prices.contact_cost,
        prices.session_cost,
        prices.currency
    from days
    inner join {{ ref('int_prices') }} as prices
        on
            prices.source in (days.source, '*')
            and prices.channel in (days.channel, '*')
            and days.started_date >= prices.from_date
            and (prices.to_date is null or days.started_date <= prices.to_date)
    qualify row_number() over (
        partition by days.started_date, days.source, days.channel
        order by
            case when prices.source = '*' then 1 else 0 end,
            case when prices.channel = '*' then 1 else 0 end
    ) = 1
),

counted as (
    select
        month_start_date,
        source,
        channel,
        price_source,
        price_channel,
        price_from_date,
        price_to_date,
        contact_cost,
        session_cost,
        currency,
        cast(sum(closed_sessions) as bigint) as closed_sessions,
        cast(sum(bot_sessions) as bigint) as bot_sessions,
        cast(sum(escalated_sessions) as bigint) as escalated_sessions,
        cast(sum(contained_sessions) as bigint) as contained_sessions,
        cast(sum(too_young_sessions) as bigint) as too_young_sessions,
        cast(sum(closed_sessions - too_young_sessions) as bigint) as known_sessions,
        cast(sum(durable_sessions) as bigint) as durable_sessions
    from prices_of_days
    group by
        month_start_date, source, channel, price_source, price_channel, price_from_date, price_to_date,
        contact_cost, session_cost, currency
),

rate_added as (
    select
        *,
        {{ ratio('durable_sessions', 'known_sessions') }} as durable_session_rate,
        {{ wilson_bound('durable_sessions', 'known_sessions', '-') }} as durable_session_rate_low,
        {{ wilson_bound('durable_sessions', 'known_sessions', '+') }} as durable_session_rate_high
    from counted
),

costs_added as (
    select
        *,
        durable_sessions * contact_cost as cost_avoided,
        known_sessions * durable_session_rate_low * contact_cost as cost_avoided_low,
        known_sessions * durable_session_rate_high * contact_cost as cost_avoided_high,
        bot_sessions * session_cost as bot_cost,
        escalated_sessions * contact_cost as escalation_cost
    from rate_added
),

net_added as (
    select
        *,
        cost_avoided - bot_cost - escalation_cost as net_value,
        cost_avoided_low - bot_cost - escalation_cost as net_value_low,
        cost_avoided_high - bot_cost - escalation_cost as net_value_high
    from costs_added
),

final as (
    select
        *,
        -- Decimals, because engines add doubles in different orders.
        cast(
            sum(cast(net_value as decimal(28, 6))) over (
                partition by source, channel, currency
                order by month_start_date, price_from_date, price_source, price_channel
                rows between unbounded preceding and current row
            ) as double
        ) as cumulative_net_value,
        'cumulative under these prices, not measured' as basis
    from net_added
)

select * from final
