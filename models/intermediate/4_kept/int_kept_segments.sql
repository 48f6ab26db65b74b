{{ config(materialized='kept', post_hook="{{ move_next_contacts() }}") }}

with

segments as (
    select * from {{ ref('int_segment_ends') }}
),

next_sessions as (
    select
        conversation_number,
        segment_number,
        next_started_us
    from {{ ref('int_next_sessions') }}
    where next_started_us is not null
),

next_contacts as (
    select
        conversation_number,
        segment_number,
        next_contact_us,
        recontact_kind
    from {{ ref('int_next_contacts') }}
    where next_contact_us is not null
),

final as (
    select
        segments.segment_id,
        segments.source,
        segments.conversation_id,
        segments.segment_number,
        segments.session_id,
        segments.session_number,
        segments.segment_kind,
        segments.contact_kind,
        segments.brand,
        segments.channel,
        segments.customer_id,
        segments.started_us,
        segments.last_activity_us,
        segments.final_ended_us,
        segments.open_until_us,
        segments.start_reason,
        segments.final_end_reason,
        segments.final_outcome,
        segments.is_resolved_late,
        segments.customer_message_count,
        segments.bot_message_count,
        segments.agent_message_count,
        segments.first_customer_message_us,
        segments.first_bot_reply_us,
        segments.bot_id,
        segments.last_bot_id,
        segments.topic,
        segments.last_topic,
        segments.first_escalated_us,
        segments.escalated_by,
        segments.escalation_reason,
        segments.first_resolved_us,
        segments.resolved_by,
        segments.handoff_first_agent_message_us,
        segments.handoff_last_activity_us,
        next_sessions.next_started_us,
        next_contacts.next_contact_us,
        next_contacts.recontact_kind
    from segments
    left join next_sessions
        on
            segments.conversation_number = next_sessions.conversation_number
            and segments.segment_number = next_sessions.segment_number
    left join next_contacts
        on
            segments.conversation_number = next_contacts.conversation_number
            and segments.segment_number = next_contacts.segment_number
)

select * from final
