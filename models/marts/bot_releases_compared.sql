with

windows as (
    select
        *,
        {{ from_epoch_us('start_us') }} as start_at,
        {{ from_epoch_us('end_us') }} as end_at
    from {{ ref('int_release_windows') }}
),

-- The sessions of the release, and those of the release before it, each in its own time.
compared as (
    select
        windows.source,
        windows.bot_id,
        windows.bot_release,
        windows.is_new,
        sessions.is_contained,
        sessions.is_contained and sessions.is_recontacted_7d is not null as is_matured,
        sessions.is_contained and not sessions.is_recontacted_7d as is_durable,
        sessions.handoff_wait_seconds,
        sessions.csat_score
    from windows
    inner join {{ ref('sessions') }} as sessions
        on
            windows.source = sessions.source
            and windows.bot_id = sessions.bot_id
            and windows.compared_release = sessions.bot_release
            and windows.start_at <= sessions.started_at
            and windows.end_at > sessions.started_at
    where sessions.is_contained is not null
),

summed as (
    select
        source,
        bot_id,
        bot_release,
        is_new,
        count(*) as closed_sessions,
        count(case when is_contained then 1 end) as contained_sessions,
        count(case when is_matured then 1 end) as matured_7d_sessions,
        count(case when is_durable then 1 end) as durable_7d_sessions,
        median(handoff_wait_seconds) as median_handoff_wait_seconds,
        count(csat_score) as rated_sessions,
        {{ exact_sum('csat_score') }} as csat_sum
    from compared
    group by source, bot_id, bot_release, is_new
),

rates_added as (
    select
        *,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
        {{ ratio('durable_7d_sessions', 'matured_7d_sessions') }} as durable_containment_rate_7d,
        csat_sum / nullif(rated_sessions, 0) as csat_score
    from summed
),

side_by_side as (
    select
        windows.source,
        windows.bot_id,
        windows.bot_release,
        windows.previous_bot_release,
        windows.start_at as release_started_at,
        windows.compared_us / 86400e6 as compared_days,
        current_side.closed_sessions,
        current_side.contained_sessions,
        current_side.containment_rate,
        current_side.containment_rate_low,
        current_side.containment_rate_high,
        previous_side.closed_sessions as previous_closed_sessions,
        previous_side.contained_sessions as previous_contained_sessions,
        previous_side.containment_rate as previous_containment_rate,
        100 * (current_side.containment_rate - previous_side.containment_rate) as containment_rate_change,
        {{ difference_bound(
            'current_side.containment_rate', 'current_side.containment_rate_low',
            'previous_side.containment_rate', 'previous_side.containment_rate_high', '-'
        ) }} as containment_rate_change_low,
        {{ difference_bound(
            'current_side.containment_rate', 'current_side.containment_rate_high',
            'previous_side.containment_rate', 'previous_side.containment_rate_low', '+'
        ) }} as containment_rate_change_high,
        -- Where most of the earlier sessions have no match, nobody knows what the mix explains.
        case
            when mix.matched_share >= 0.5 then 100 * (current_side.containment_rate - mix.standardised_rate)
        end as mix_effect,
        case
            when mix.matched_share >= 0.5 then 100 * (mix.standardised_rate - previous_side.containment_rate)
        end as rate_effect,
        mix.matched_share,
        current_side.durable_7d_sessions,
        current_side.matured_7d_sessions,
        current_side.durable_containment_rate_7d,
        previous_side.durable_7d_sessions as previous_durable_7d_sessions,
        previous_side.matured_7d_sessions as previous_matured_7d_sessions,
        previous_side.durable_containment_rate_7d as previous_durable_containment_rate_7d,
        current_side.median_handoff_wait_seconds,
        previous_side.median_handoff_wait_seconds as previous_median_handoff_wait_seconds,
        current_side.rated_sessions,
        current_side.csat_score,
        previous_side.rated_sessions as previous_rated_sessions,
        previous_side.csat_score as previous_csat_score
    from windows
    inner join rates_added as current_side
        on
            windows.source = current_side.source
            and windows.bot_id = current_side.bot_id
            and windows.bot_release = current_side.bot_release
            and windows.is_new
            and current_side.is_new
    inner join rates_added as previous_side
        on
            windows.source = previous_side.source
            and windows.bot_id = previous_side.bot_id
            and windows.bot_release = previous_side.bot_release
            and not previous_side.is_new
    left join {{ ref('int_release_mix') }} as mix
        on
            windows.source = mix.source
            and windows.bot_id = mix.bot_id
            and windows.bot_release = mix.bot_release
),

final as (
    select
        *,
        case
            when containment_rate_change_low > 0 then 'better'
            when containment_rate_change_high < 0 then 'worse'
            else 'not enough yet'
        end as verdict,
        cast({{ needed_sessions('containment_rate', 'previous_containment_rate') }} as bigint) as needed_sessions
    from side_by_side
)

select * from final
