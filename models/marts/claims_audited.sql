-- Rule 11: what a vendor counts as resolved, beside what we count.
with

settings as (
    select
        as_of,
        reporting_timezone
    from {{ ref('int_settings') }}
),

-- Before a source's first activity we have no messages to judge by.
first_activities as (
    select
        source,
        min(first_activity_us) as first_activity_us
    from {{ ref('int_kept_conversations') }}
    group by source
),

session_added as (
    select
        claims.*,
        sessions.outcome as session_outcome,
        sessions.is_recontacted_7d,
        sessions.recontact_kind,
        {{ epoch_us('claims.claimed_at') }} < coalesce(first_activities.first_activity_us, 9223372036854775807)
            as is_before_our_data,
        claims.claimed_at > settings.as_of as is_after_our_data,
        settings.reporting_timezone
    from {{ ref('int_claimed_sessions') }} as claims
    cross join settings
    left join {{ ref('sessions') }} as sessions
        on claims.session_id = sessions.session_id
    left join first_activities
        on claims.source = first_activities.source
),

-- Only claims of a success are counted against each other.
claim_number_added as (
    select
        *,
        row_number() over (partition by session_id, is_claim order by claimed_at, claim_id) as claim_number
    from session_added
),

-- The first that applies.
reason_added as (
    select
        *,
        case
            when is_claim is null then 'outcome not mapped'
            when not is_claim then 'outcome is no success'
            when is_after_our_data then 'after our data'
            when session_id is not null and claim_number > 1 then 'session claimed before'
            when session_outcome = 'escalated' then 'escalated'
            when session_outcome = 'open' then 'open'
            when is_recontacted_7d then 'came back within 7 days'
            when not is_recontacted_7d then 'contained and durable'
            when session_id is not null then 'ended under 7 days ago'
            when is_before_our_data then 'before our data'
            when not is_conversation_known then 'conversation not found'
            when {{ keyword('exclusion_reason') }} = 'merged' then 'merged'
            when exclusion_reason is not null then 'excluded'
            when message_count = 0 then 'no messages'
            when bot_message_count = 0 or segment_kind = 'human' then 'no bot'
            when segment_kind = 'unengaged' then 'no customer message'
            else 'no session before the claim'
        end as reason
    from claim_number_added
),

final as (
    select
        claim_id,
        source,
        conversation_id,
        session_id,
        outcome,
        claimed_at,
        {{ local_date('claimed_at', 'reporting_timezone') }} as claimed_date,
        amount,
        currency,
        case
            when reason in ('outcome not mapped', 'outcome is no success') then 'no claim'
            when reason = 'session claimed before' then 'claimed twice'
            when reason = 'contained and durable' then 'agreed'
            when reason in ('after our data', 'open', 'ended under 7 days ago') then 'not known yet'
            when reason in ('before our data', 'merged', 'no messages') then 'not provable'
            else 'not ours'
        end as verdict,
        reason,
        case when reason = 'came back within 7 days' then recontact_kind end as recontact_kind
    from reason_added
)

select * from final
