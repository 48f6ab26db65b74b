with

settings as (
    select * from {{ ref('int_settings') }}
),

-- From the first session to as_of, so that a day without sessions is a row too.
covered as (
    select
        min(daily.started_date) as first_date,
        greatest(
            max(daily.started_date),
            max({{ local_date('settings.as_of', 'settings.reporting_timezone') }})
        ) as last_date,
        max({{ local_date('settings.as_of', 'settings.reporting_timezone') }}) as as_of_date
    from {{ ref('containment_daily') }} as daily
    cross join settings
),

each_date as (
    select
        {{ each_date('first_date', 'last_date') }} as calendar_date,
        as_of_date
    from covered
    where first_date is not null
),

final as (
    select
        calendar_date,
        cast({{ dbt.date_trunc('week', 'calendar_date') }} as date) as week_start_date,
        cast({{ dbt.date_trunc('month', 'calendar_date') }} as date) as month_start_date,
        cast({{ dbt.date_trunc('quarter', 'calendar_date') }} as date) as quarter_start_date,
        cast({{ dbt.date_trunc('year', 'calendar_date') }} as date) as year_start_date,
        {{ iso_weekday('calendar_date') }} as iso_weekday,
        {{ iso_weekday('calendar_date') }} in (6, 7) as is_weekend,
        calendar_date < as_of_date as is_complete
    from each_date
)

select * from final
