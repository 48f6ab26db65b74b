{{ config(materialized='replaced_view') }}

with

final as (
    select
        segment_id,
        source,
        conversation_id,
        segment_number,
        session_id,
        segment_kind,
        brand,
        channel,
        customer_id,
        started_at,
        started_date,
        last_activity_at,
        ended_at,
        start_reason,
        end_reason,
        outcome,
        is_contained,
        is_resolved_late,
        is_bot_involved,
        is_human_involved,
        customer_message_count,
        bot_message_count,
        agent_message_count,
        bot_id,
        last_bot_id,
        topic,
        last_topic,
        escalated_at,
        escalated_by,
        escalation_reason,
        resolved_at,
        resolved_by,
        first_bot_reply_seconds,
        duration_seconds,
        csat_score
    from {{ ref('int_segments_at_as_of') }}
)

select * from final
