with

settings as (
    select reporting_timezone from {{ ref('int_settings') }}
),

hours as (
    select
        brand,
        iso_weekday,
        {{ seconds_of_day('opens_at') }} as opens_seconds,
        {{ seconds_of_day('closes_at') }} as closes_seconds
    from {{ ref('business_hours') }}
),

brands as (
    select distinct brand from hours
),

drawn as (
    select
        drawn_span.first_us,
        {{ epoch_us(utc_from_local('cast(drawn_span.reach_date as timestamp)', 'settings.reporting_timezone')) }}
            as reach_us
    from {{ ref('int_drawn_span') }} as drawn_span
    cross join settings
),

ends_of_waits as (
    select first_escalated_us as happened_us
    from {{ ref('int_kept_sessions') }}
    where first_escalated_us is not null
    union all
    select handoff_first_agent_message_us as happened_us
    from {{ ref('int_kept_sessions') }}
    where first_escalated_us is not null and handoff_first_agent_message_us is not null
),

-- From the first wait to the last, but not out to times that are centuries away from the rest.
span as (
    select
        min(ends_of_waits.happened_us) as first_us,
        max(ends_of_waits.happened_us) as last_us
    from ends_of_waits
    inner join drawn
        on ends_of_waits.happened_us between drawn.first_us and drawn.reach_us
),

covered as (
    select
        {{ local_date(from_epoch_us('span.first_us'), 'settings.reporting_timezone') }} as first_date,
        {{ local_date(from_epoch_us('span.last_us'), 'settings.reporting_timezone') }} as last_date,
        settings.reporting_timezone
    from span
    cross join settings
    where span.first_us is not null
),

dates as (
    select
        {{ each_date('first_date', 'last_date') }} as opening_date,
        reporting_timezone
    from covered
),

-- A closed day has one opening of no length, so that every date has a row.
local_openings as (
    select
        brands.brand,
        dates.opening_date,
        dates.reporting_timezone,
        {{ epoch_us('cast(dates.opening_date as timestamp)') }} as midnight_us,
        coalesce(hours.opens_seconds, 0) as opens_seconds,
        coalesce(hours.closes_seconds, 0) as closes_seconds
    from brands
    cross join dates
    left join hours
        on
            brands.brand = hours.brand
            and {{ iso_weekday('dates.opening_date') }} = hours.iso_weekday
),

-- Both ends follow the local clock of that day, so a change to or from summer time counts correctly.
openings as (
    select
        brand,
        opening_date,
        {{ epoch_us(
            utc_from_local(from_epoch_us('midnight_us + 1000000 * cast(opens_seconds as bigint)'), 'reporting_timezone')
        ) }} as opened_us,
        {{ epoch_us(
            utc_from_local(from_epoch_us('midnight_us + 1000000 * cast(closes_seconds as bigint)'), 'reporting_timezone')
        ) }} as closed_us
    from local_openings
),

final as (
    select
        brand,
        opening_date,
        row_number() over (partition by brand, opening_date order by opened_us, closed_us) as opening_number,
        opened_us,
        closed_us,
        cast(
            coalesce(
                sum(closed_us - opened_us) over (
                    partition by brand
                    order by opening_date, opened_us, closed_us
                    rows between unbounded preceding and 1 preceding
                ),
                0
            ) as bigint
        ) as open_us_before
    from openings
)

select * from final
