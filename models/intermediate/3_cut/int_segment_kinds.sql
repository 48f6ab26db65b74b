{{ config(materialized='replaced_view') }}

with

segments as (
    select
        conversation_number,
        segment_number,
        start_reason,
        started_us,
        last_activity_us,
        customer_message_count,
        bot_message_count,
        agent_message_count,
        last_resolved_us,
        last_escalated_us,
        -- The last terminal event of the segment. At the same time an escalation comes before a resolution.
        case
            when last_escalated_us > coalesce(last_resolved_us, last_escalated_us - 1) then 'escalated'
            when last_resolved_us is not null then 'resolved'
        end as last_terminal,
        first_agent_message_us
    from {{ ref('int_segments') }}
),

conversations as (
    select
        conversation_number,
        source,
        exclusion_reason
    from {{ ref('int_conversations') }}
),

rules as (
    select * from {{ ref('int_rules') }}
),

-- Adds the terminal events before a segment, and how many earlier segments have one: segments with the same count share
-- their last terminal event. The segment numbers decide which event is the last. Times cannot, because a takeover can
-- have the time of an event after it.
last_terminals_added as (
    select
        *,
        max(bot_message_count) over whole_conversation > 0 as has_bot,
        count(last_escalated_us) over whole_conversation > 0 as is_escalated,
        lead(segment_number) over in_order is not null as has_later_segment,
        max(last_resolved_us) over before_it as previous_resolved_us,
        max(case when last_terminal = 'resolved' then segment_number end) over before_it as resolved_segment_number,
        max(case when last_terminal = 'escalated' then segment_number end) over before_it as escalated_segment_number,
        count(last_terminal) over before_it as terminated_segments_before
    from segments
    window
        in_order as (partition by conversation_number order by segment_number),
        whole_conversation as (
            partition by conversation_number
            order by segment_number
            rows between unbounded preceding and unbounded following
        ),
        before_it as (
            partition by conversation_number
            order by segment_number
            rows between unbounded preceding and 1 preceding
        )
),

-- Looks at the segments since that last terminal event, this one included.
bot_return_added as (
    select
        *,
        max(case when start_reason = 'inactivity' and bot_message_count > 0 then 1 else 0 end) over (
            partition by conversation_number, terminated_segments_before
            order by segment_number
            rows between unbounded preceding and current row
        ) = 1 as is_bot_back
    from last_terminals_added
),

escalation_handling_added as (
    select
        *,
        not is_bot_back and coalesce(escalated_segment_number > coalesce(resolved_segment_number, 0), false)
            as is_after_escalation
    from bot_return_added
),

-- Rule 7.
kind_added as (
    select
        handling.*,
        case
            when {{ is_excluded('conversations.exclusion_reason', 'handling.is_escalated') }} then 'excluded'
            when not handling.has_bot then 'human'
            when rules.after_escalation = 'handoff' and handling.is_after_escalation then 'handoff'
            when handling.customer_message_count = 0 then 'unengaged'
            when
                handling.bot_message_count = 0
                and handling.agent_message_count = 0
                and rules.courtesy_minutes > 0
                and handling.started_us - handling.previous_resolved_us
                <= 60000000 * cast(rules.courtesy_minutes as bigint)
                then 'courtesy'
            when rules.session_scope = 'session' and handling.bot_message_count = 0 then 'human'
            else 'session'
        end as segment_kind
    from escalation_handling_added as handling
    inner join conversations
        on handling.conversation_number = conversations.conversation_number
    inner join rules
        on conversations.source = rules.source
),

final as (
    select
        conversation_number,
        segment_number,
        segment_kind,
        is_after_escalation,
        has_later_segment,
        last_activity_us,
        first_agent_message_us
    from kind_added
)

select * from final
