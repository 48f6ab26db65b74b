with

-- Every calendar period from the first session to as_of, even without sessions.
dates_of_periods as (
    select
        'day' as period_kind,
        calendar_date as period_start_date,
        calendar_date,
        is_complete
    from {{ ref('dates') }}
    union all
    select
        'week' as period_kind,
        week_start_date as period_start_date,
        calendar_date,
        is_complete
    from {{ ref('dates') }}
    union all
    select
        'month' as period_kind,
        month_start_date as period_start_date,
        calendar_date,
        is_complete
    from {{ ref('dates') }}
),

summed as (
    select
        dates_of_periods.period_kind,
        dates_of_periods.period_start_date,
        min(case when dates_of_periods.is_complete then 1 else 0 end) = 1 as is_complete,
        cast(coalesce(sum(daily.closed_sessions), 0) as bigint) as closed_sessions,
        cast(coalesce(sum(daily.open_sessions), 0) as bigint) as open_sessions,
        cast(coalesce(sum(daily.contained_sessions), 0) as bigint) as contained_sessions,
        cast(coalesce(sum(daily.escalated_sessions), 0) as bigint) as escalated_sessions,
        cast(coalesce(sum(daily.resolved_sessions), 0) as bigint) as resolved_sessions,
        cast(coalesce(sum(daily.timed_out_sessions), 0) as bigint) as timed_out_sessions,
        cast(coalesce(sum(daily.bot_involved_sessions), 0) as bigint) as bot_involved_sessions,
        cast(coalesce(sum(daily.bot_contained_sessions), 0) as bigint) as bot_contained_sessions,
        cast(coalesce(sum(daily.automated_sessions), 0) as bigint) as automated_sessions,
        cast(coalesce(sum(daily.matured_24h_sessions), 0) as bigint) as matured_24h_sessions,
        cast(coalesce(sum(daily.durable_24h_sessions), 0) as bigint) as durable_24h_sessions,
        cast(coalesce(sum(daily.matured_7d_sessions), 0) as bigint) as matured_7d_sessions,
        cast(coalesce(sum(daily.durable_7d_sessions), 0) as bigint) as durable_7d_sessions,
        cast(coalesce(sum(daily.known_customer_24h_sessions), 0) as bigint) as known_customer_24h_sessions,
        cast(coalesce(sum(daily.known_customer_7d_sessions), 0) as bigint) as known_customer_7d_sessions
    from dates_of_periods
    left join {{ ref('containment_daily') }} as daily
        on dates_of_periods.calendar_date = daily.started_date
    group by dates_of_periods.period_kind, dates_of_periods.period_start_date
),

demand_of_periods as (
    select
        dates_of_periods.period_kind,
        dates_of_periods.period_start_date,
        cast(coalesce(sum(demand.contacts), 0) as bigint) as contacts,
        cast(coalesce(sum(demand.bot_involved_sessions), 0) as bigint) as bot_involved_contacts
    from dates_of_periods
    left join {{ ref('demand') }} as demand
        on dates_of_periods.calendar_date = demand.started_date
    group by dates_of_periods.period_kind, dates_of_periods.period_start_date
),

-- Apart from the sessions, because a day has several rows in both marts.
demand_added as (
    select
        summed.*,
        demand_of_periods.contacts,
        demand_of_periods.bot_involved_contacts
    from summed
    inner join demand_of_periods
        on
            summed.period_kind = demand_of_periods.period_kind
            and summed.period_start_date = demand_of_periods.period_start_date
),

rates_added as (
    select
        *,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
        {{ ratio('escalated_sessions', 'closed_sessions') }} as escalation_rate,
        {{ ratio('resolved_sessions', 'closed_sessions') }} as resolution_rate,
        {{ ratio('timed_out_sessions', 'closed_sessions') }} as timeout_rate,
        {{ ratio('bot_contained_sessions', 'bot_involved_sessions') }} as bot_containment_rate,
        {{ ratio('automated_sessions', 'closed_sessions') }} as automation_rate,
        {{ ratio('durable_24h_sessions', 'matured_24h_sessions') }} as durable_containment_rate_24h,
        {{ ratio('durable_7d_sessions', 'matured_7d_sessions') }} as durable_containment_rate_7d,
        {{ ratio('known_customer_24h_sessions', 'matured_24h_sessions') }} as known_customer_rate_24h,
        {{ ratio('known_customer_7d_sessions', 'matured_7d_sessions') }} as known_customer_rate_7d,
        {{ ratio('bot_involved_contacts', 'contacts') }} as coverage_rate
    from demand_added
),

-- No period is missing, so the previous row is the previous calendar period.
previous_added as (
    select
        *,
        lag(period_start_date) over in_order as previous_period_start_date,
        lag(closed_sessions) over in_order as previous_closed_sessions,
        lag(contained_sessions) over in_order as previous_contained_sessions,
        lag(containment_rate) over in_order as previous_containment_rate,
        lag(containment_rate_low) over in_order as previous_containment_rate_low,
        lag(containment_rate_high) over in_order as previous_containment_rate_high
    from rates_added
    window in_order as (partition by period_kind order by period_start_date)
),

final as (
    select
        *,
        100 * (containment_rate - previous_containment_rate) as containment_rate_change,
        {{ difference_bound(
            'containment_rate', 'containment_rate_low',
            'previous_containment_rate', 'previous_containment_rate_high', '-'
        ) }} as containment_rate_change_low,
        {{ difference_bound(
            'containment_rate', 'containment_rate_high',
            'previous_containment_rate', 'previous_containment_rate_low', '+'
        ) }} as containment_rate_change_high
    from previous_added
)

select * from final
