with

settings as (
    select {{ epoch_us('as_of') }} as as_of_us from {{ ref('int_settings') }}
),

-- Rule 5: a session that waits for a silence is open at the timeouts that have not passed at as_of.
open_timeouts_added as (
    select
        kept.channel,
        kept.session_timeouts,
        kept.escalated_timeouts,
        kept.waiting_timeouts
        & ({{ every_timeout() }} - {{ exceeded_timeouts('(settings.as_of_us - kept.last_activity_us)') }})
            as open_timeouts,
        kept.session_count
    from {{ ref('int_kept_timeouts') }} as kept
    cross join settings
),

-- Many sessions share few sets of timeouts, so the sets are expanded only after counting.
counted as (
    select
        channel,
        session_timeouts,
        escalated_timeouts,
        open_timeouts,
        sum(session_count) as session_count
    from open_timeouts_added
    group by channel, session_timeouts, escalated_timeouts, open_timeouts
),

-- A channel may itself be named `*`, so is_every_channel marks the row of all channels.
each_channel_and_all as (
    select
        *,
        false as is_every_channel
    from counted
    union all
    select
        '*' as channel,
        session_timeouts,
        escalated_timeouts,
        open_timeouts,
        session_count,
        true as is_every_channel
    from counted
),

timeouts as (
    {% for minutes in compared_timeouts() %}
        {{ 'union all' if not loop.first }}
        select
            {{ minutes }} as timeout_minutes,
            {{ 2 ** loop.index0 }} as timeout_bit
    {% endfor %}
),

summed as (
    select
        counts.channel,
        counts.is_every_channel,
        timeouts.timeout_minutes,
        sum(case when counts.session_timeouts & timeouts.timeout_bit > 0 then counts.session_count else 0 end)
            as session_count,
        sum(case when counts.escalated_timeouts & timeouts.timeout_bit > 0 then counts.session_count else 0 end)
            as escalated_session_count,
        sum(case when counts.open_timeouts & timeouts.timeout_bit > 0 then counts.session_count else 0 end)
            as open_session_count
    from each_channel_and_all as counts
    cross join timeouts
    group by counts.channel, counts.is_every_channel, timeouts.timeout_minutes
),

named as (
    select
        channel,
        is_every_channel,
        timeout_minutes,
        cast(session_count - open_session_count as bigint) as closed_sessions,
        cast(open_session_count as bigint) as open_sessions,
        cast(session_count - open_session_count - escalated_session_count as bigint) as contained_sessions,
        cast(escalated_session_count as bigint) as escalated_sessions
    from summed
),

final as (
    select
        channel,
        is_every_channel,
        timeout_minutes,
        closed_sessions,
        open_sessions,
        contained_sessions,
        escalated_sessions,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high
    from named
)

select * from final
