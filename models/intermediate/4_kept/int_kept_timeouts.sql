{{ config(materialized='kept') }}

with

islands as (
    select * from {{ ref('int_island_timeouts') }}
),

conversations as (
    select * from {{ ref('int_conversations') }}
),

rules as (
    select * from {{ ref('int_rules') }}
),

-- Rule 7: a segment starts here at some of the timeouts; this keeps those at which it is a session.
session_timeouts_added as (
    select
        islands.*,
        islands.cut_timeouts - least(islands.cut_timeouts, islands.without_customer_timeouts)
        & case
            when rules.after_escalation = 'handoff' and islands.is_after_escalation then islands.bot_back_timeouts
            else {{ every_timeout() }}
        end
        & case
            when
                rules.courtesy_minutes > 0
                and islands.since_resolved_us <= 60000000 * cast(rules.courtesy_minutes as bigint)
                then {{ every_timeout() }} - islands.without_answer_timeouts
            else {{ every_timeout() }}
        end
        & case
            when rules.session_scope = 'session' then {{ every_timeout() }} - islands.without_bot_timeouts
            else {{ every_timeout() }}
        end as session_timeouts
    from islands
    inner join conversations
        on islands.conversation_number = conversations.conversation_number
    inner join rules
        on conversations.source = rules.source
),

-- The terminal events of a stretch belong to its last segment. In the conversation's last stretch, that segment waits
-- for a silence.
end_added as (
    select
        *,
        session_timeouts - (session_timeouts & without_end_timeouts) as last_session_timeouts
    from session_timeouts_added
),

-- Counts before the text columns are joined.
counted as (
    select
        conversation_number,
        session_timeouts,
        case when is_escalated_stretch then last_session_timeouts else 0 end as escalated_timeouts,
        case when is_last_stretch then last_session_timeouts else 0 end as waiting_timeouts,
        max(last_activity_us) as last_activity_us,
        count(*) as session_count
    from end_added
    where session_timeouts > 0
    group by
        conversation_number,
        session_timeouts,
        case when is_escalated_stretch then last_session_timeouts else 0 end,
        case when is_last_stretch then last_session_timeouts else 0 end
),

final as (
    select
        conversations.source,
        conversations.conversation_id,
        conversations.channel,
        counted.session_timeouts,
        counted.escalated_timeouts,
        counted.waiting_timeouts,
        counted.last_activity_us,
        counted.session_count
    from counted
    inner join conversations
        on counted.conversation_number = conversations.conversation_number
)

select * from final
