{{ config(materialized='replaced_view') }}

with

segments as (
    select * from {{ ref('int_segments') }}
),

keys as (
    select * from {{ ref('int_segment_keys') }}
),

conversations as (
    select * from {{ ref('int_conversations') }}
),

-- Rule 5. If both terminal events have the same time, the escalation comes first.
deadline_added as (
    select
        segments.*,
        keys.segment_id,
        keys.session_id,
        keys.segment_kind,
        keys.session_number,
        keys.has_later_segment,
        keys.handoff_first_agent_message_us,
        keys.handoff_last_activity_us,
        conversations.source,
        conversations.conversation_id,
        conversations.brand,
        conversations.channel,
        conversations.customer_id,
        {{ keyword('conversations.exclusion_reason') }} = 'merged' as is_merged,
        segments.last_activity_us + conversations.timeout_us as deadline_us,
        least(segments.first_escalated_us, segments.first_resolved_us) as first_terminal_us
    from segments
    inner join keys
        on
            segments.conversation_number = keys.conversation_number
            and segments.segment_number = keys.segment_number
    inner join conversations
        on segments.conversation_number = conversations.conversation_number
),

end_reason_added as (
    select
        *,
        case
            when first_terminal_us <= deadline_us and first_terminal_us = first_escalated_us then 'escalated'
            when first_terminal_us <= deadline_us then 'resolved'
            else 'inactivity'
        end as final_end_reason
    from deadline_added
),

-- Only the silence after the conversation's last segment depends on as_of.
end_added as (
    select
        *,
        case when final_end_reason = 'inactivity' then deadline_us else first_terminal_us end as final_ended_us,
        case when final_end_reason = 'inactivity' and not has_later_segment then deadline_us end as open_until_us
    from end_reason_added
),

-- Rule 6, for a segment that has ended.
final as (
    select
        conversation_number,
        segment_id,
        source,
        conversation_id,
        segment_number,
        session_id,
        session_number,
        segment_kind,
        -- Rule 8: what it is for an earlier session of the customer: a return in a segment of this kind, or none.
        case
            when customer_message_count = 0 then null
            when segment_kind in ('human', 'handoff', 'session') then segment_kind
            when segment_kind = 'excluded' and is_merged then 'merged'
        end as contact_kind,
        brand,
        channel,
        customer_id,
        started_us,
        last_activity_us,
        final_ended_us,
        open_until_us,
        start_reason,
        final_end_reason,
        case
            when first_escalated_us is not null then 'escalated'
            when first_resolved_us is not null then 'resolved'
            else 'timed_out'
        end as final_outcome,
        first_escalated_us is null and coalesce(first_resolved_us > deadline_us, false) as is_resolved_late,
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
        handoff_last_activity_us
    from end_added
)

select * from final
