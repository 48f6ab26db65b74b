with

segments as (
    select * from {{ ref('int_segments') }}
),

contacts as (
    select * from {{ ref('int_contacts') }}
),

conversations as (
    select * from {{ ref('int_conversations') }}
),

settings as (
    select * from {{ ref('int_settings') }}
),

-- A handoff handles the escalation of another segment: only those with an escalation are looked up.
escalated_segments as (
    select
        conversation_number,
        segment_number,
        first_message_id
    from segments
    where first_escalated_us is not null
),

-- Rule 5's words. Of two terminal events at the same time the escalation comes first.
deadline_added as (
    select
        segments.*,
        contacts.segment_kind,
        contacts.session_number,
        contacts.has_later_segment,
        contacts.handoff_first_agent_message_us,
        contacts.handoff_last_activity_us,
        escalated_segments.first_message_id as handled_first_message_id,
        conversations.source,
        conversations.conversation_id,
        conversations.brand,
        conversations.channel,
        conversations.customer_id,
        settings.reporting_timezone,
        {{ epoch_us('settings.as_of') }} as as_of_us,
        segments.last_activity_us + conversations.timeout_us as deadline_us,
        least(segments.first_escalated_us, segments.first_resolved_us) as first_terminal_us
    from segments
    inner join contacts
        on
            segments.conversation_number = contacts.conversation_number
            and segments.segment_number = contacts.segment_number
    inner join conversations
        on segments.conversation_number = conversations.conversation_number
    left join escalated_segments
        on
            contacts.segment_kind = 'handoff'
            and contacts.conversation_number = escalated_segments.conversation_number
            and contacts.session_segment_number = escalated_segments.segment_number
    cross join settings
),

end_reason_added as (
    select
        *,
        case
            when first_terminal_us <= deadline_us and first_terminal_us = first_escalated_us then 'escalated'
            when first_terminal_us <= deadline_us then 'resolved'
            when has_later_segment or as_of_us > deadline_us then 'inactivity'
        end as end_reason
    from deadline_added
),

-- Rule 6.
outcome_added as (
    select
        *,
        case
            when end_reason in ('escalated', 'resolved') then first_terminal_us
            when end_reason = 'inactivity' then deadline_us
        end as ended_us,
        case
            when first_escalated_us is not null then 'escalated'
            when first_resolved_us is not null then 'resolved'
            when end_reason = 'inactivity' then 'timed_out'
            else 'open'
        end as outcome
    from end_reason_added
),

containment_added as (
    select
        *,
        case
            when outcome in ('resolved', 'timed_out') then true
            when outcome = 'escalated' then false
        end as is_contained,
        outcome = 'resolved' and first_resolved_us > deadline_us as is_resolved_late
    from outcome_added
),

-- Rule 9.
final as (
    select
        {{ session_key('source', 'conversation_id', 'first_message_id') }} as segment_id,
        case
            when segment_kind = 'session' then {{ session_key('source', 'conversation_id', 'first_message_id') }}
            when handled_first_message_id is not null
                then {{ session_key('source', 'conversation_id', 'handled_first_message_id') }}
        end as session_id,
        source,
        conversation_id,
        conversation_number,
        segment_number,
        session_number,
        segment_kind,
        brand,
        channel,
        customer_id,
        started_us,
        last_activity_us,
        ended_us,
        start_reason,
        end_reason,
        outcome,
        is_contained,
        is_resolved_late,
        customer_message_count,
        bot_message_count,
        agent_message_count,
        first_customer_message_us,
        first_bot_reply_us,
        bot_id,
        last_bot_id,
        topic,
        last_topic,
        first_escalated_us,
        escalated_by,
        escalation_reason,
        first_resolved_us,
        resolved_by,
        handoff_first_agent_message_us,
        handoff_last_activity_us,
        as_of_us,
        reporting_timezone
    from containment_added
)

select * from final
