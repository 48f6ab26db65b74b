with

cells as (
    select
        cast({{ dbt.date_trunc('week', 'started_date') }} as date) as week_start_date,
        cast({{ dbt.date_trunc('month', 'started_date') }} as date) as month_start_date,
        channel,
        brand,
        bot_id,
        closed_sessions,
        contained_sessions
    from {{ ref('containment_daily') }}
    where closed_sessions > 0
),

in_each_period as (
    select
        'week' as period_kind,
        week_start_date as period_start_date,
        channel,
        brand,
        bot_id,
        closed_sessions,
        contained_sessions
    from cells
    union all
    select
        'month' as period_kind,
        month_start_date as period_start_date,
        channel,
        brand,
        bot_id,
        closed_sessions,
        contained_sessions
    from cells
),

along_each_dimension as (
    {% for dimension, value in {'channel': 'channel', 'brand': 'brand', 'bot': 'bot_id'}.items() %}
        select
            period_kind,
            period_start_date,
            '{{ dimension }}' as dimension,
            {{ value }} as dimension_value,
            false as has_several_values,
            closed_sessions,
            contained_sessions
        from in_each_period
        union all
    {% endfor %}
    select
        period_kind,
        period_start_date,
        'topic' as dimension,
        topic as dimension_value,
        false as has_several_values,
        closed_sessions,
        contained_sessions
    from {{ ref('topics') }}
    where period_kind in ('week', 'month')
    {% for period in ['week', 'month'] %}
        union all
        select
            '{{ period }}' as period_kind,
            cast({{ dbt.date_trunc(period, 'started_date') }} as date) as period_start_date,
            attribute as dimension,
            shown_value as dimension_value,
            has_several_values,
            closed_sessions,
            contained_sessions
        from {{ ref('int_attribute_days') }}
    {% endfor %}
),

summed as (
    select
        period_kind,
        period_start_date,
        dimension,
        dimension_value,
        has_several_values,
        cast(sum(closed_sessions) as bigint) as closed_sessions,
        cast(sum(contained_sessions) as bigint) as contained_sessions
    from along_each_dimension
    group by period_kind, period_start_date, dimension, dimension_value, has_several_values
),

-- Each session has one channel, so these sum to the headline, which several values of an attribute would exceed.
headline_added as (
    select
        *,
        cast(sum(case when dimension = 'channel' then closed_sessions end) over period as bigint)
            as headline_closed_sessions
    from summed
    window period as (partition by period_kind, period_start_date)
),

final as (
    select
        period_kind,
        period_start_date,
        dimension,
        dimension_value,
        has_several_values,
        closed_sessions,
        contained_sessions,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
        {{ ratio('closed_sessions', 'headline_closed_sessions') }} as share_of_sessions
    from headline_added
)

select * from final
