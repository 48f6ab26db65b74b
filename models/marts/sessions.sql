{{ config(materialized='replaced_view') }}

with

releases as (
    select
        session_id,
        bot_release
    from {{ ref('int_session_releases') }}
),

sessions as (
    select
        segments.*,
        releases.bot_release
    from {{ ref('int_segments_at_as_of') }} as segments
    left join releases
        on segments.session_id = releases.session_id
    where segments.segment_kind = 'session'
),

-- The end of an open session is still to come, so no return is known yet.
recontact_added as (
    select
        *,
        case when ended_us is not null then next_started_us end as known_next_started_us,
        case when ended_us is not null then next_contact_us end as known_next_contact_us,
        case when ended_us is not null then recontact_kind end as known_recontact_kind,
        next_contact_us - ended_us as recontact_us
    from sessions
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
        bot_release,
        topic,
        last_topic,
        escalated_at,
        escalated_by,
        escalation_reason,
        resolved_at,
        resolved_by,
        first_bot_reply_seconds,
        duration_seconds,
        -- Only the person who takes over can answer at the time of the escalation, because all other events come after
        -- messages.
        nullif(handoff_first_agent_message_us - first_escalated_us, 0) / 1e6 as handoff_wait_seconds,
        (handoff_last_activity_us - first_escalated_us) / 1e6 as handoff_seconds,
        csat_score,
        {{ from_epoch_us('known_next_started_us') }} as next_session_started_at,
        {{ from_epoch_us('known_next_contact_us') }} as next_contact_started_at,
        known_recontact_kind as recontact_kind,
        -- Null until the session is old enough. Otherwise early returns would count, but their absence could not.
        case
            when outcome <> 'open' and age_us >= 86400000000
                then coalesce(recontact_us <= 86400000000, false)
        end as is_recontacted_24h,
        case
            when outcome <> 'open' and age_us >= 604800000000
                then coalesce(recontact_us <= 604800000000, false)
        end as is_recontacted_7d
    from recontact_added
)

select * from final
