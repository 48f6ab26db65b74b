{{ config(materialized='view') }}

with

-- Rule 7: a handoff carries the key of a session, and is none.
final as (
    select
        segment_id as session_id,
        source,
        conversation_id,
        session_number,
        segment_number,
        brand,
        channel,
        customer_id,
        started_us,
        last_activity_us,
        final_ended_us,
        open_until_us,
        start_reason,
        final_end_reason,
        final_outcome,
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
        next_started_us
    from {{ ref('int_kept_segments') }}
    where segment_kind = 'session'
)

select * from final
