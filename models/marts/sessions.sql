{{ config(materialized='view') }}

with

settings as (
    select
        {{ epoch_us('as_of') }} as as_of_us,
        reporting_timezone
    from {{ ref('int_settings') }}
),

-- The one rating of a session that counts. Grouped, though it is one: where there is no rating, DuckDB 2.0 would else
-- forget the limit of whoever reads `select * from sessions limit 1`.
counted_ratings as (
    select
        rated_segment_id,
        max(csat_score) as csat_score
    from {{ ref('int_ratings') }}
    where is_counted
    group by rated_segment_id
),

-- Rule 5: silence is judged at as_of. What is kept says how a segment ends once it has ended.
is_ended_added as (
    select
        sessions.*,
        counted_ratings.csat_score,
        settings.as_of_us,
        settings.reporting_timezone,
        sessions.open_until_us is null or settings.as_of_us > sessions.open_until_us as is_ended
    from {{ ref('int_kept_sessions') }} as sessions
    cross join settings
    left join counted_ratings
        on sessions.session_id = counted_ratings.rated_segment_id
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
        end as is_contained,
        -- A return after an end that is still to come is not known yet.
        case when is_ended then next_started_us end as known_next_started_us,
        next_started_us - ended_us as recontact_us,
        as_of_us - ended_us as age_us
    from outcome_added
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
        -- At the time of the escalation only the person who takes over can answer: other events come after messages.
        nullif(handoff_first_agent_message_us - first_escalated_us, 0) / 1e6 as handoff_wait_seconds,
        (handoff_last_activity_us - first_escalated_us) / 1e6 as handoff_seconds,
        csat_score,
        {{ from_epoch_us('known_next_started_us') }} as next_session_started_at,
        -- Known only once the session is old enough: a return that came early would count, a silence could not.
        case
            when outcome <> 'open' and age_us >= 86400000000
                then coalesce(recontact_us <= 86400000000, false)
        end as is_recontacted_24h,
        case
            when outcome <> 'open' and age_us >= 604800000000
                then coalesce(recontact_us <= 604800000000, false)
        end as is_recontacted_7d
    from containment_added
)

select * from final
