with

daily as (
    select
        started_date,
        coalesce(topic, 'none') as topic,
        count(is_contained) as closed_sessions,
        count(case when is_contained then 1 end) as contained_sessions
    from {{ ref('sessions') }}
    group by started_date, coalesce(topic, 'none')
    having count(is_contained) > 0
),

in_each_period as (
    select
        'all' as period_kind,
        min(started_date) over () as period_start_date,
        topic,
        closed_sessions,
        contained_sessions
    from daily
    union all
    select
        'month' as period_kind,
        cast({{ dbt.date_trunc('month', 'started_date') }} as date) as period_start_date,
        topic,
        closed_sessions,
        contained_sessions
    from daily
    union all
    select
        'week' as period_kind,
        cast({{ dbt.date_trunc('week', 'started_date') }} as date) as period_start_date,
        topic,
        closed_sessions,
        contained_sessions
    from daily
),

summed as (
    select
        period_kind,
        period_start_date,
        topic,
        cast(sum(closed_sessions) as bigint) as closed_sessions,
        cast(sum(contained_sessions) as bigint) as contained_sessions
    from in_each_period
    group by period_kind, period_start_date, topic
),

headline_added as (
    select
        *,
        cast(sum(closed_sessions) over period as bigint) as headline_closed_sessions,
        cast(sum(contained_sessions) over period as bigint) as headline_contained_sessions
    from summed
    window period as (partition by period_kind, period_start_date)
),

rates_added as (
    select
        *,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
        {{ ratio('headline_contained_sessions', 'headline_closed_sessions') }} as headline_containment_rate,
        {{ ratio(
            '(headline_contained_sessions - contained_sessions)', '(headline_closed_sessions - closed_sessions)'
        ) }} as containment_rate_without
    from headline_added
),

final as (
    select
        period_kind,
        period_start_date,
        topic,
        closed_sessions,
        contained_sessions,
        containment_rate,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
        {{ ratio('closed_sessions', 'headline_closed_sessions') }} as share_of_sessions,
        headline_closed_sessions,
        headline_contained_sessions,
        headline_containment_rate,
        containment_rate_without,
        100 * (headline_containment_rate - containment_rate_without) as impact
    from rates_added
)

select * from final
