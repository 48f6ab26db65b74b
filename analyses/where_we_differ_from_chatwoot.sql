{{ config(enabled='chatwoot' in var('sources')) }}

-- Where does Chatwoot's own verdict (conversation_bot_resolved) differ from our outcome, and why? One row per kind of
-- agreement or difference, with the sessions that it counts.
with

bot_resolutions as (
    select
        conversation_id,
        occurred_at
    from {{ ref('stg_chatwoot__events') }}
    where event_type = 'conversation_bot_resolved'
),

-- The verdict belongs to the session that it falls into: up to the start of the next segment.
sessions as (
    select
        segments.conversation_id,
        segments.started_at,
        segments.outcome,
        segments.bot_message_count,
        segments.agent_message_count,
        segments.segment_kind,
        lead(segments.started_at) over (
            partition by segments.conversation_id
            order by segments.segment_number
        ) as next_started_at,
        coalesce(
            sum(segments.agent_message_count) over (
                partition by segments.conversation_id
                order by segments.segment_number
                rows between unbounded preceding and 1 preceding
            ), 0
        ) as earlier_agent_messages
    from {{ ref('segments') }} as segments
    where segments.source = 'chatwoot'
),

judged as (
    select
        sessions.*,
        exists (
            select 1
            from bot_resolutions
            where
                bot_resolutions.conversation_id = sessions.conversation_id
                and bot_resolutions.occurred_at >= sessions.started_at
                and (sessions.next_started_at is null or bot_resolutions.occurred_at < sessions.next_started_at)
        ) as is_resolved_by_bot_for_chatwoot
    from sessions
    where sessions.segment_kind = 'session' and sessions.outcome <> 'open'
)

select
    outcome,
    is_resolved_by_bot_for_chatwoot,
    case
        when is_resolved_by_bot_for_chatwoot and outcome = 'resolved' and bot_message_count = 0
            then 'differ: closed without a word of the bot in this session'
        when is_resolved_by_bot_for_chatwoot and outcome = 'resolved' then 'agree: resolved by the bot'
        when is_resolved_by_bot_for_chatwoot and outcome = 'escalated'
            then 'differ: handed off as well, and closed without an answer'
        when is_resolved_by_bot_for_chatwoot then 'differ: resolved for Chatwoot alone'
        when outcome = 'escalated' then 'agree: not contained'
        when outcome = 'timed_out' then 'differ: ended in silence, which Chatwoot does not count'
        when agent_message_count > 0 then 'differ: resolved with the help of a person'
        when earlier_agent_messages > 0 then 'differ: a person wrote in an earlier session, so never the bot again'
        else 'differ: a note, a handoff before, or no bot in the inbox at that time'
    end as verdict,
    count(*) as session_count
from judged
group by outcome, is_resolved_by_bot_for_chatwoot, verdict
order by session_count desc, verdict asc
