with

claims as (
    select * from {{ ref('int_claims') }}
),

-- Inner joins up to the last step: a night without claims reads no segment and no conversation.
segments_before_claim as (
    select
        claims.source,
        claims.conversation_id,
        claims.claim_id,
        segments.segment_number,
        segments.segment_kind,
        segments.session_id
    from claims
    inner join {{ ref('int_kept_segments') }} as segments
        on
            claims.source = segments.source
            and claims.conversation_id = segments.conversation_id
            and {{ epoch_us('claims.claimed_at') }} >= segments.started_us
),

-- A claim is for the last session among them. If there is none, the kind of the last segment says why. A null word has
-- no position, because the engines differ there.
last_segments as (
    select
        source,
        conversation_id,
        claim_id,
        max_by(session_id, case when segment_kind = 'session' then segment_number end) as session_id,
        max_by(segment_kind, segment_number) as segment_kind
    from segments_before_claim
    group by source, conversation_id, claim_id
),

known_conversations as (
    select
        claims.source,
        claims.conversation_id,
        claims.claim_id,
        conversations.exclusion_reason,
        conversations.message_count,
        conversations.bot_message_count
    from claims
    inner join {{ ref('int_kept_conversations') }} as conversations
        on
            claims.source = conversations.source
            and claims.conversation_id = conversations.conversation_id
),

final as (
    select
        claims.source,
        claims.conversation_id,
        claims.claim_id,
        claims.outcome,
        claims.is_claim,
        claims.claimed_at,
        claims.amount,
        claims.currency,
        last_segments.session_id,
        last_segments.segment_kind,
        conversations.claim_id is not null as is_conversation_known,
        conversations.exclusion_reason,
        conversations.message_count,
        conversations.bot_message_count
    from claims
    left join last_segments
        on
            claims.source = last_segments.source
            and claims.conversation_id = last_segments.conversation_id
            and claims.claim_id = last_segments.claim_id
    left join known_conversations as conversations
        on
            claims.source = conversations.source
            and claims.conversation_id = conversations.conversation_id
            and claims.claim_id = conversations.claim_id
)

select * from final
