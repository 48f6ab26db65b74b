with

settings as (
    select reporting_timezone from {{ ref('int_settings') }}
),

-- Counts days in UTC: converting each session to local time would cost more than everything else here, and no stretch
-- depends on it.
days as (
    select
        cast(floor(started_us / 86400000000e0) as bigint) as day_number,
        count(*) as session_count,
        min(started_us) as first_us,
        max(started_us) as last_us
    from {{ ref('int_kept_sessions') }}
    group by cast(floor(started_us / 86400000000e0) as bigint)
),

is_start_added as (
    select
        *,
        case
            when day_number - lag(day_number) over (order by day_number) > {{ drawn_gap_days() }} then 1 else 0
        end as is_start
    from days
),

stretch_number_added as (
    select
        *,
        sum(is_start) over (order by day_number rows between unbounded preceding and current row) as stretch_number
    from is_start_added
),

stretches as (
    select
        stretch_number,
        sum(session_count) as session_count,
        min(first_us) as first_us,
        max(last_us) as last_us
    from stretch_number_added
    group by stretch_number
),

main_stretch as (
    select
        first_us as main_first_us,
        last_us as main_last_us
    from stretches
    order by session_count desc, last_us desc
    limit 1
),

all_sessions as (
    select sum(session_count) as all_session_count from stretches
),

distance_added as (
    select
        stretches.*,
        all_sessions.all_session_count,
        -- Zero or negative for the stretch with the most sessions itself.
        greatest(
            stretches.first_us - main_stretch.main_last_us, main_stretch.main_first_us - stretches.last_us
        ) as distance_us
    from stretches
    cross join main_stretch
    cross join all_sessions
),

drawn as (
    select
        min(first_us) as first_us,
        max(last_us) as last_us
    from distance_added
    where
        distance_us <= 0
        -- Much work long ago is not a wrong date, and twenty years are few enough to draw.
        or (session_count >= 50 and 100 * session_count >= all_session_count and distance_us <= 7305 * 86400000000)
),

last_date_added as (
    select
        drawn.first_us,
        drawn.last_us,
        {{ local_date(from_epoch_us('drawn.first_us'), 'settings.reporting_timezone') }} as first_date,
        {{ local_date(from_epoch_us('drawn.last_us'), 'settings.reporting_timezone') }} as last_date
    from drawn
    cross join settings
    where drawn.first_us is not null
),

final as (
    select
        first_us,
        last_us,
        first_date,
        last_date,
        cast({{ dbt.dateadd('day', drawn_gap_days(), 'last_date') }} as date) as reach_date
    from last_date_added
)

select * from final
