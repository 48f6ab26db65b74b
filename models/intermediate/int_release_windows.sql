with

session_releases as (
    select * from {{ ref('int_session_releases') }}
    where bot_id is not null
),

settings as (
    select {{ epoch_us('as_of') }} as as_of_us from {{ ref('int_settings') }}
),

-- A release begins with its first session.
begun as (
    select
        source,
        bot_id,
        bot_release,
        min(started_us) as first_started_us
    from session_releases
    group by source, bot_id, bot_release
),

neighbours_added as (
    select
        begun.*,
        settings.as_of_us,
        lag(begun.bot_release) over in_time as previous_bot_release,
        lag(begun.first_started_us) over in_time as previous_started_us,
        lead(begun.first_started_us) over in_time as next_started_us
    from begun
    cross join settings
    window in_time as (partition by begun.source, begun.bot_id order by begun.first_started_us, begun.bot_release)
),

-- Both are looked at for the same length of time: one ends where the other begins.
length_added as (
    select
        *,
        least(
            first_started_us - previous_started_us, coalesce(next_started_us, as_of_us) - first_started_us
        ) as compared_us
    from neighbours_added
    where previous_bot_release is not null
),

final as (
    select
        source,
        bot_id,
        bot_release,
        previous_bot_release,
        compared_us,
        true as is_new,
        bot_release as compared_release,
        first_started_us as start_us,
        first_started_us + compared_us as end_us
    from length_added
    union all
    select
        source,
        bot_id,
        bot_release,
        previous_bot_release,
        compared_us,
        false as is_new,
        previous_bot_release as compared_release,
        first_started_us - compared_us as start_us,
        first_started_us as end_us
    from length_added
)

select * from final
