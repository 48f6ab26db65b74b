-- What is each verdict on a claim based on? One row per claim and message of the claimed session, people's handling of
-- its escalation included; one row without a message for a claim without a session. Keys and times, never a text.
select
    claims.source,
    claims.claim_id,
    claims.conversation_id,
    claims.outcome as vendor_outcome,
    claims.claimed_at,
    -- On the first row of a claim alone, so that a sheet can be summed.
    case
        when
            row_number() over (
                partition by claims.source, claims.conversation_id, claims.claim_id
                order by messages.sent_at, messages.message_id
            ) = 1
            then claims.amount
    end as amount,
    claims.currency,
    claims.verdict,
    claims.reason,
    claims.session_id,
    sessions.outcome as our_outcome,
    sessions.started_at,
    sessions.ended_at,
    sessions.escalated_at,
    sessions.next_contact_started_at,
    sessions.recontact_kind,
    messages.message_id,
    messages.author_type,
    messages.sent_at
from {{ ref('claims_audited') }} as claims
left join {{ ref('sessions') }} as sessions
    on claims.session_id = sessions.session_id
left join {{ ref('messages') }} as messages
    on claims.session_id = messages.session_id
order by claims.source, claims.conversation_id, claims.claim_id, messages.sent_at, messages.message_id
