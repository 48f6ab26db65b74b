{{ config(enabled='copilot_studio' in var('sources')) }}

-- Where does Copilot Studio's verdict on its sessions differ from our outcome, and why? One row per kind of
-- agreement or difference, with the sessions that it counts. Excluded ones (the test pane) are compared as well.
with

verdicts as (
    select
        conversation_id,
        event_id,
        event_type as vendor_verdict,
        try_cast(occurred_at as timestamp) as ended_at
    from {{ ref('stg_copilot_studio__events') }}
    where event_type like 'session\_%' escape '\'
),

-- A verdict is about the last segment that had begun when the vendor's session ended.
judged as (
    select
        verdicts.vendor_verdict,
        segments.segment_kind,
        segments.outcome,
        segments.customer_message_count
    from verdicts
    left join {{ ref('segments') }} as segments
        on
            verdicts.conversation_id = segments.conversation_id
            and segments.source = 'copilot_studio'
            and verdicts.ended_at >= segments.started_at
    qualify row_number() over (partition by verdicts.event_id order by segments.started_at desc) = 1
)

select
    vendor_verdict,
    segment_kind,
    outcome,
    case
        when segment_kind is null then 'differ: nobody wrote'
        when segment_kind = 'unengaged' or customer_message_count = 0 then
            case vendor_verdict
                when 'session_none' then 'agree: a greeting that nobody answered'
                else 'differ: engaged for the vendor, though the customer wrote nothing'
            end
        when vendor_verdict = 'session_none'
            then 'differ: the customer wrote, but no topic of the bot was triggered'
        when vendor_verdict = 'session_abandoned' and outcome = 'timed_out'
            then 'differ in the rate: abandoned there, contained by silence here'
        when vendor_verdict = 'session_abandoned' then 'differ: more happened after the vendor''s session'
        when vendor_verdict like 'session\_resolved%' escape '\' and outcome = 'resolved' then 'agree: resolved'
        when
            (
                vendor_verdict in ('session_escalated', 'session_handoff')
                or vendor_verdict like 'session\_agenttransfer%' escape '\'
            )
            and outcome = 'escalated' then 'agree: escalated'
        else 'differ: an escalation besides, which counts first here'
    end as verdict,
    count(*) as session_count
from judged
group by vendor_verdict, segment_kind, outcome, verdict
order by session_count desc, verdict asc
