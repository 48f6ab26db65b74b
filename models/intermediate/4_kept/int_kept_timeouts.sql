{{ config(materialized='kept') }}

with

runs as (
    select * from {{ ref('int_run_timeouts') }}
),

conversations as (
    select * from {{ ref('int_conversations') }}
),

rules as (
    select * from {{ ref('int_rules') }}
),

-- Rule 7: of the timeouts at which a segment starts here, those at which it is a session.
session_timeouts_added as (
    select
        runs.*,
        conversations.source,
        conversations.conversation_id,
        conversations.channel,
        runs.cut_timeouts - least(runs.cut_timeouts, runs.without_customer_timeouts)
        & case
            when rules.after_escalation = 'handoff' and runs.is_after_escalation then runs.bot_back_timeouts
            else {{ every_timeout() }}
        end
        & case
            when
                rules.courtesy_minutes > 0
                and runs.started_us - runs.previous_resolved_us
                <= 60000000 * cast(rules.courtesy_minutes as bigint)
                then {{ every_timeout() }} - runs.without_answer_timeouts
            else {{ every_timeout() }}
        end
        & case
            when rules.session_scope = 'session' then {{ every_timeout() }} - runs.without_bot_timeouts
            else {{ every_timeout() }}
        end as session_timeouts
    from runs
    inner join conversations
        on runs.conversation_number = conversations.conversation_number
    inner join rules
        on conversations.source = rules.source
),

-- The terminal events of a stretch belong to its last segment; the last segment of a last stretch waits for a silence.
end_added as (
    select
        *,
        session_timeouts - (session_timeouts & without_end_timeouts) as last_session_timeouts
    from session_timeouts_added
),

final as (
    select
        source,
        conversation_id,
        channel,
        session_timeouts,
        case when is_escalated_stretch then last_session_timeouts else 0 end as escalated_timeouts,
        case when is_last_stretch then last_session_timeouts else 0 end as waiting_timeouts,
        max(stretch_last_activity_us) as last_activity_us,
        count(*) as session_count
    from end_added
    where session_timeouts > 0
    group by
        source,
        conversation_id,
        channel,
        session_timeouts,
        case when is_escalated_stretch then last_session_timeouts else 0 end,
        case when is_last_stretch then last_session_timeouts else 0 end
)

select * from final
