{{ config(
    materialized='kept',
    changed='int_changed_customers',
    key=['source', 'customer_key']
) }}

with

customer_sessions as (
    select customer_sessions.*
    from {{ ref('int_customer_sessions') }} as customer_sessions
    inner join {{ ref('int_changed_customers') }} as changed_customers
        on
            customer_sessions.source = changed_customers.source
            and customer_sessions.customer_key = changed_customers.customer_key
),

-- Starts and ends on one line: looking forward from an end, the next start is a running minimum, and no session is
-- compared with every other. At the same time a start comes first, for a message comes before an event.
starts_and_ends as (
    select
        source,
        customer_key,
        session_id,
        started_us as happened_us,
        0 as tie_order,
        started_us
    from customer_sessions
    union all
    select
        source,
        customer_key,
        session_id,
        final_ended_us as happened_us,
        1 as tie_order,
        null as started_us
    from customer_sessions
),

next_start_added as (
    select
        *,
        min(started_us) over (
            partition by source, customer_key
            order by happened_us, tie_order
            rows between 1 following and unbounded following
        ) as next_started_us
    from starts_and_ends
),

-- An end has a row for each session, so nothing gets lost here.
final as (
    select
        sessions.segment_id as session_id,
        sessions.source,
        sessions.conversation_id,
        sessions.session_number,
        sessions.segment_number,
        sessions.brand,
        sessions.channel,
        sessions.customer_id,
        next_starts.customer_key,
        sessions.started_us,
        sessions.last_activity_us,
        sessions.final_ended_us,
        sessions.open_until_us,
        sessions.start_reason,
        sessions.final_end_reason,
        sessions.final_outcome,
        sessions.is_resolved_late,
        sessions.customer_message_count,
        sessions.bot_message_count,
        sessions.agent_message_count,
        sessions.first_customer_message_us,
        sessions.first_bot_reply_us,
        sessions.bot_id,
        sessions.last_bot_id,
        sessions.topic,
        sessions.last_topic,
        sessions.first_escalated_us,
        sessions.escalated_by,
        sessions.escalation_reason,
        sessions.first_resolved_us,
        sessions.resolved_by,
        sessions.handoff_first_agent_message_us,
        sessions.handoff_last_activity_us,
        next_starts.next_started_us
    from {{ ref('int_kept_segments') }} as sessions
    inner join next_start_added as next_starts
        on
            sessions.segment_id = next_starts.session_id
            and next_starts.tie_order = 1
)

select * from final
