{{ config(materialized='replaced_view') }}

with

settings as (
    select {{ epoch_us('as_of') }} as as_of_us from {{ ref('int_settings') }}
),

-- If takeovers escalate, a contained session holds a person's message only if that person wrote before the bot.
sources_without_takeovers as (
    select source
    from {{ ref('int_rules') }}
    where takeover_boundary <> 'escalated'
),

-- This finding cannot be part of the cut, because as_of decides whether a session that waits for a silence is
-- contained.
contained_sessions_with_a_persons_message as (
    select sessions.source
    from {{ ref('int_kept_sessions') }} as sessions
    inner join sources_without_takeovers
        on sessions.source = sources_without_takeovers.source
    cross join settings
    where
        sessions.agent_message_count > 0
        and case sessions.final_outcome
            when 'resolved' then true
            when 'timed_out' then sessions.open_until_us is null or settings.as_of_us > sessions.open_until_us
            else false
        end
),

final as (
    select
        source,
        'contained_sessions_with_a_persons_message' as finding,
        count(*) as row_count
    from contained_sessions_with_a_persons_message
    group by source
)

select * from final
