{{ config(enabled='intercom' in var('sources') or target.name == 'lint') }}

-- Where does Intercom's verdict on Fin (ai_agent.resolution_state) differ from our outcomes, and why? One row per kind
-- of agreement or difference, with the conversations that it counts: Intercom judges conversations, so the last closed
-- session stands beside its verdict.
with

last_sessions as (
    select
        conversation_id,
        outcome,
        is_contained,
        session_number,
        agent_message_count
    from {{ ref('sessions') }}
    where source = 'intercom' and outcome <> 'open'
    qualify row_number() over (partition by conversation_id order by session_number desc) = 1
),

final as (
    select
        verdicts.vendor_outcome,
        last_sessions.outcome,
        case
            when last_sessions.conversation_id is null then 'differ: no closed session here'
            when
                verdicts.vendor_outcome in ('confirmed_resolution', 'assumed_resolution') and last_sessions.is_contained
                then 'agree: contained'
            when verdicts.vendor_outcome in ('escalated', 'procedure_handoff') and last_sessions.outcome = 'escalated'
                then 'agree: not contained'
            when verdicts.vendor_outcome in ('confirmed_resolution', 'assumed_resolution')
                then 'differ: assigned to people, although Fin counts it as resolved'
            when verdicts.vendor_outcome = 'negative_feedback' and last_sessions.is_contained
                then 'differ: the customer was not content, and nobody took over'
            when verdicts.vendor_outcome = 'negative_feedback' then 'agree: not contained'
            when last_sessions.session_number > 1 then 'differ: handed over in an earlier session'
            when last_sessions.agent_message_count > 0 then 'differ: a person answered, and nobody was assigned'
            else 'differ: Fin gave it up, and nobody was assigned'
        end as verdict,
        count(*) as conversation_count
    from {{ ref('stg_intercom__outcomes') }} as verdicts
    left join last_sessions
        on verdicts.conversation_id = last_sessions.conversation_id
    group by verdicts.vendor_outcome, last_sessions.outcome, verdict
)

select * from final
order by conversation_count desc, verdict asc
