{{ config(enabled='reamaze' in var('sources')) }}

-- Where does Re:amaze's verdict (the status Chatbot Resolved) differ from our outcome, and why? One row per kind of
-- agreement or difference, with the sessions that it counts.
with

verdicts as (
    select
        conversation_id,
        changed_at
    from {{ ref('stg_reamaze__status_changes') }}
    where status = 'chatbot_resolved'
),

segments as (
    select
        *,
        lead(started_at) over (
            partition by conversation_id
            order by segment_number
        ) as next_started_at
    from {{ ref('segments') }}
    where source = 'reamaze'
),

-- The verdict belongs to the session that it falls into: up to the start of the next segment.
judged as (
    select
        segments.outcome,
        segments.agent_message_count,
        exists (
            select 1
            from verdicts
            where
                verdicts.conversation_id = segments.conversation_id
                and verdicts.changed_at >= segments.started_at
                and (segments.next_started_at is null or verdicts.changed_at < segments.next_started_at)
        ) as is_resolved_by_bot_for_reamaze
    from segments
    where segments.segment_kind = 'session' and segments.outcome <> 'open'
)

select
    outcome,
    is_resolved_by_bot_for_reamaze,
    case
        when is_resolved_by_bot_for_reamaze and outcome = 'resolved' and agent_message_count > 0
            then 'differ: a person helped in this session'
        when is_resolved_by_bot_for_reamaze and outcome = 'resolved' then 'agree: resolved by the bot'
        when is_resolved_by_bot_for_reamaze and outcome = 'escalated'
            then 'differ: escalated as well, which counts first here'
        when is_resolved_by_bot_for_reamaze then 'differ: resolved for Re:amaze alone'
        when outcome = 'escalated' then 'agree: not contained'
        when outcome = 'timed_out' then 'differ: ended in silence, which is no status'
        else 'differ: resolved by a person or by the clock'
    end as verdict,
    count(*) as session_count
from judged
group by outcome, is_resolved_by_bot_for_reamaze, verdict
order by session_count desc, verdict asc
