{{ config(materialized='replaced_view') }}

with

settings as (
    select
        {{ epoch_us('as_of') }} as as_of_us,
        reporting_timezone
    from {{ ref('int_settings') }}
),

-- Grouped although at most one row matches; otherwise DuckDB 2.0 drops a reader's `limit` if there is no rating.
counted_ratings as (
    select
        rated_segment_id,
        max(csat_score) as csat_score
    from {{ ref('int_ratings') }}
    where is_counted
    group by rated_segment_id
),

-- Rule 5: as_of decides whether the silence is over. The kept row says how the segment ends once it is.
is_ended_added as (
    select
        segments.*,
        counted_ratings.csat_score,
        settings.as_of_us,
        settings.reporting_timezone,
        segments.open_until_us is null or settings.as_of_us > segments.open_until_us as is_ended
    from {{ ref('int_kept_segments') }} as segments
    cross join settings
    left join counted_ratings
        on segments.segment_id = counted_ratings.rated_segment_id
),

-- Rule 6.
outcome_added as (
    select
        *,
        case when is_ended then final_end_reason end as end_reason,
        case when is_ended then final_ended_us end as ended_us,
        case when final_outcome = 'timed_out' and not is_ended then 'open' else final_outcome end as outcome
    from is_ended_added
),

containment_added as (
    select
        *,
        case
            when outcome in ('resolved', 'timed_out') then true
            when outcome = 'escalated' then false
        end as is_contained
    from outcome_added
),

final as (
    select
        segment_id,
        source,
        conversation_id,
        segment_number,
        session_id,
        session_number,
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
        (last_activity_us - started_us) / 1e6 as duration_seconds,
        csat_score,
        -- Columns that only sessions need.
        ended_us,
        as_of_us - ended_us as age_us,
        first_escalated_us,
        handoff_first_agent_message_us,
        handoff_last_activity_us,
        next_started_us,
        next_contact_us,
        recontact_kind
    from containment_added
)

select * from final
