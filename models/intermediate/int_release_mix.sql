with

windows as (
    select * from {{ ref('int_release_windows') }}
),

closed_sessions as (
    select
        session_id,
        channel,
        brand,
        coalesce(topic, 'none') as topic,
        is_contained
    from {{ ref('int_segments_at_as_of') }}
    where segment_kind = 'session' and is_contained is not null
),

-- The sessions of the release, and those of the release before it, each in its own time.
compared as (
    select
        windows.source,
        windows.bot_id,
        windows.bot_release,
        windows.is_new,
        closed_sessions.channel,
        closed_sessions.brand,
        closed_sessions.topic,
        closed_sessions.is_contained
    from windows
    inner join {{ ref('int_session_releases') }} as releases
        on
            windows.source = releases.source
            and windows.bot_id = releases.bot_id
            and windows.compared_release = releases.bot_release
            and windows.start_us <= releases.started_us
            and windows.end_us > releases.started_us
    inner join closed_sessions
        on releases.session_id = closed_sessions.session_id
),

cells as (
    select
        source,
        bot_id,
        bot_release,
        count(case when is_new then 1 end) as closed_sessions,
        count(case when is_new and is_contained then 1 end) as contained_sessions,
        count(case when not is_new then 1 end) as previous_closed_sessions,
        count(case when not is_new and is_contained then 1 end) as previous_contained_sessions
    from compared
    group by source, bot_id, bot_release, channel, topic, brand
),

-- Where the release has no session, nothing is known of it, so the rate of the release before stands.
rate_of_cell_added as (
    select
        *,
        coalesce(
            {{ ratio('contained_sessions', 'closed_sessions') }},
            {{ ratio('previous_contained_sessions', 'previous_closed_sessions') }}
        ) as known_rate
    from cells
    where previous_closed_sessions > 0
),

final as (
    select
        source,
        bot_id,
        bot_release,
        {{ exact_sum('previous_closed_sessions * known_rate') }} / sum(previous_closed_sessions) as standardised_rate,
        {{ ratio(
            'sum(case when closed_sessions > 0 then previous_closed_sessions else 0 end)', 'sum(previous_closed_sessions)'
        ) }} as matched_share
    from rate_of_cell_added
    group by source, bot_id, bot_release
)

select * from final
