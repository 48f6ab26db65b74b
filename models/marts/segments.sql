with

segments as (
    select * from {{ ref('int_segment_outcomes') }}
),

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
        {{ from_epoch_us('started_us') }} as started_at,
        {{ local_date(from_epoch_us('started_us'), 'reporting_timezone') }} as started_date,
        {{ from_epoch_us('last_activity_us') }} as last_activity_at,
        {{ from_epoch_us('ended_us') }} as ended_at,
        start_reason,
        end_reason,
        outcome,
        is_contained,
        is_resolved_late,
        bot_message_count > 0 as is_bot_involved,
        agent_message_count > 0 as is_human_involved,
        customer_message_count,
        bot_message_count,
        agent_message_count,
        bot_id,
        last_bot_id,
        topic,
        last_topic,
        {{ from_epoch_us('first_escalated_us') }} as escalated_at,
        escalated_by,
        escalation_reason,
        {{ from_epoch_us('first_resolved_us') }} as resolved_at,
        resolved_by,
        (first_bot_reply_us - first_customer_message_us) / 1e6 as first_bot_reply_seconds,
        (last_activity_us - started_us) / 1e6 as duration_seconds
    from segments
)

select * from final
