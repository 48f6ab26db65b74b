with

settings as (
    select {{ local_date('as_of', 'reporting_timezone') }} as as_of_date from {{ ref('int_settings') }}
),

-- Every date from the first drawn session to as_of, even without sessions.
covered as (
    select
        drawn.first_date,
        greatest(drawn.last_date, least(settings.as_of_date, drawn.reach_date)) as last_date,
        settings.as_of_date
    from {{ ref('int_drawn_span') }} as drawn
    cross join settings
),

each_date as (
    select
        {{ each_date('first_date', 'last_date') }} as calendar_date,
        as_of_date
    from covered
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
