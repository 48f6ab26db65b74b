with

settings as (
    select
        {{ local_date('as_of', 'reporting_timezone') }} as as_of_date,
        {{ signal_base('from') }} as stated_from_date,
        {{ signal_base('to') }} as stated_to_date
    from {{ ref('int_settings') }}
),

in_each_period as (
    select
        'day' as period_kind,
        started_date as period_start_date,
        started_date as period_end_date,
        *
    from {{ ref('int_rate_days') }}
    union all
    select
        'week' as period_kind,
        cast({{ dbt.date_trunc('week', 'started_date') }} as date) as period_start_date,
        cast({{ dbt.dateadd('day', 6, dbt.date_trunc('week', 'started_date')) }} as date) as period_end_date,
        *
    from {{ ref('int_rate_days') }}
),

summed as (
    select
        period_kind,
        period_start_date,
        period_end_date,
        dimension,
        dimension_value,
        rate_name,
        cast(sum(counted) as bigint) as counted,
        cast(sum(base_count) as bigint) as base_count,
        cast(sum(open_count) as bigint) as open_count
    from in_each_period
    group by period_kind, period_start_date, period_end_date, dimension, dimension_value, rate_name
),

ended as (
    select
        summed.*,
        {{ iso_weekday('summed.period_start_date') }} as iso_weekday,
        {{ day_number('summed.period_start_date') }} as day_number,
        settings.stated_from_date,
        settings.stated_to_date
    from summed
    cross join settings
    where summed.period_end_date < settings.as_of_date and summed.base_count > 0
),

-- A base is what lies 1 to 56 places before: the 8 weeks before the period. If a base is stated, its periods share one
-- place, all later ones another, and the others have a place with nothing before it.
place_added as (
    select
        *,
        case
            when stated_from_date is null then day_number
            when period_start_date >= stated_from_date and period_end_date <= stated_to_date then 0
            when period_start_date > stated_to_date then 56
            else 1000
        end as place
    from ended
),

-- Of the same weekday, because weekends differ from weekdays. All weeks begin on a Monday.
final as (
    select
        period_kind,
        period_start_date,
        period_end_date,
        dimension,
        dimension_value,
        rate_name,
        day_number,
        counted,
        base_count,
        open_count,
        min(period_start_date) over base as base_start_date,
        max(period_end_date) over base as base_end_date,
        cast(sum(counted) over base as bigint) as base_counted,
        cast(sum(base_count) over base as bigint) as base_sessions,
        lag(counted) over in_order as previous_counted,
        lag(base_count) over in_order as previous_base_count
    from place_added
    window
        base as (
            partition by period_kind, dimension, dimension_value, rate_name, iso_weekday
            order by place range between 56 preceding and 1 preceding
        ),
        in_order as (
            partition by period_kind, dimension, dimension_value, rate_name, iso_weekday order by day_number
        )
)

select * from final
