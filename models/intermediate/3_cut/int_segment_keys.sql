with

contacts as (
    select * from {{ ref('int_contacts') }}
),

first_messages as (
    select
        conversation_number,
        segment_number,
        first_message_id
    from {{ ref('int_segments') }}
),

-- A handoff handles the escalation of another segment, so only segments with an escalation are looked up.
escalated_first_messages as (
    select
        conversation_number,
        segment_number,
        first_message_id
    from {{ ref('int_segments') }}
    where first_escalated_us is not null
),

conversations as (
    select
        conversation_number,
        source,
        conversation_id
    from {{ ref('int_conversations') }}
),

own_key_added as (
    select
        contacts.*,
        {{ session_key(
            'conversations.source', 'conversations.conversation_id', 'first_messages.first_message_id'
        ) }} as segment_id,
        case
            when escalated_first_messages.first_message_id is not null
                then {{ session_key(
                    'conversations.source', 'conversations.conversation_id', 'escalated_first_messages.first_message_id'
                ) }}
        end as handled_session_id
    from contacts
    inner join first_messages
        on
            contacts.conversation_number = first_messages.conversation_number
            and contacts.segment_number = first_messages.segment_number
    inner join conversations
        on contacts.conversation_number = conversations.conversation_number
    left join escalated_first_messages
        on
            contacts.segment_kind = 'handoff'
            and contacts.conversation_number = escalated_first_messages.conversation_number
            and contacts.session_segment_number = escalated_first_messages.segment_number
),

-- Rule 9.
final as (
    select
        conversation_number,
        segment_number,
        segment_id,
        case when segment_kind = 'session' then segment_id else handled_session_id end as session_id,
        segment_kind,
        session_number,
        has_later_segment,
        handoff_first_agent_message_us,
        handoff_last_activity_us
    from own_key_added
)

select * from final
