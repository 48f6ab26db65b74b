-- The 300 newest escalated sessions: when, where, why, and their ids to look them up.
select
    sessions.started_at,
    sessions.started_date as started_day,
    coalesce(sessions.escalation_reason, 'not given') as escalation_reason,
    sessions.handoff_wait_seconds as wait_seconds,
    sessions.channel,
    sessions.brand,
    coalesce(sessions.bot_id, 'none') as bot,
    coalesce(sessions.topic, 'none') as topic,
    sessions.source,
    sessions.conversation_id,
    sessions.session_id
from {{ ref('sessions') }} as sessions
where sessions.outcome = 'escalated'
order by sessions.started_at desc, sessions.session_id asc
limit 300
