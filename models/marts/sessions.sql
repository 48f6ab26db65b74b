with

sessions as (
    select * from {{ ref('int_segment_outcomes') }}
    where segment_kind = 'session'
),

next_sessions as (
    select * from {{ ref('int_next_sessions') }}
),

next_session_added as (
    select
        sessions.*,
        next_sessions.next_started_us,
        next_sessions.next_started_us - sessions.ended_us as recontact_us,
        sessions.as_of_us - sessions.ended_us as age_us
    from sessions
    left join next_sessions
        on sessions.session_id = next_sessions.session_id
),

final as (
    select
        session_id,
        source,
        conversation_id,
        session_number,
        segment_number,
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
        (last_activity_us - started_us) / 1e6 as duration_seconds,
        (handoff_first_agent_message_us - first_escalated_us) / 1e6 as handoff_wait_seconds,
        (handoff_last_activity_us - first_escalated_us) / 1e6 as handoff_seconds,
        cast(null as double) as csat_score,
        {{ from_epoch_us('next_started_us') }} as next_session_started_at,
        -- Known only once the session is old enough: a return that came early would count, a silence could not.
        case
            when outcome <> 'open' and age_us >= 86400000000
                then coalesce(recontact_us <= 86400000000, false)
        end as is_recontacted_24h,
        case
            when outcome <> 'open' and age_us >= 604800000000
                then coalesce(recontact_us <= 604800000000, false)
        end as is_recontacted_7d
    from next_session_added
)

select * from final
