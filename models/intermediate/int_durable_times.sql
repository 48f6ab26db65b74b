{{ config(materialized='replaced_view') }}

with

-- Rule 8: how long each contained session has been followed after its end: up to the return of its customer, or else up
-- to as_of, and at most 7 days. A return before the end counts as one at the end.
followed as (
    select
        cast({{ dbt.date_trunc('week', 'started_date') }} as date) as week_start_date,
        cast({{ dbt.date_trunc('month', 'started_date') }} as date) as month_start_date,
        channel,
        brand,
        coalesce(bot_id, 'none') as bot_id,
        coalesce(topic, 'none') as topic,
        age_us >= 604800000000 as is_matured,
        coalesce(next_contact_us - ended_us <= least(age_us, 604800000000), false) as is_back,
        case
            when next_contact_us - ended_us <= least(age_us, 604800000000) then greatest(next_contact_us - ended_us, 0)
            else least(age_us, 604800000000)
        end as followed_us
    from {{ ref('int_segments_at_as_of') }}
    where segment_kind = 'session' and is_contained and age_us >= 0
),

in_each_period as (
    select
        'week' as period_kind,
        week_start_date as period_start_date,
        *
    from followed
    union all
    select
        'month' as period_kind,
        month_start_date as period_start_date,
        *
    from followed
),

-- Older periods have their exact rate.
young_periods as (
    select
        period_kind,
        period_start_date
    from in_each_period
    where not is_matured
    group by period_kind, period_start_date
),

in_young_periods as (
    select in_each_period.*
    from in_each_period
    inner join young_periods
        on
            in_each_period.period_kind = young_periods.period_kind
            and in_each_period.period_start_date = young_periods.period_start_date
),

along_each_dimension as (
    {% for dimension, value in {
        'all': "'all'", 'channel': 'channel', 'brand': 'brand', 'bot': 'bot_id', 'topic': 'topic'
    }.items() %}
        {{ 'union all' if not loop.first }}
        select
            period_kind,
            period_start_date,
            '{{ dimension }}' as dimension,
            {{ value }} as dimension_value,
            is_matured,
            is_back,
            followed_us
        from in_young_periods
    {% endfor %}
),

-- A session is at risk at each time up to which it is followed, that time included: of those with the same time, the
-- last row counts them all.
at_risk_added as (
    select
        *,
        count(*) over (
            partition by period_kind, period_start_date, dimension, dimension_value
            order by followed_us desc
            rows between unbounded preceding and current row
        ) as at_risk_sessions
    from along_each_dimension
),

final as (
    select
        period_kind,
        period_start_date,
        dimension,
        dimension_value,
        followed_us,
        max(at_risk_sessions) as at_risk_sessions,
        count(case when is_back then 1 end) as returned_sessions,
        count(case when is_matured then 1 end) as matured_sessions,
        count(case when is_matured and not is_back then 1 end) as durable_sessions
    from at_risk_added
    group by period_kind, period_start_date, dimension, dimension_value, followed_us
)

select * from final
