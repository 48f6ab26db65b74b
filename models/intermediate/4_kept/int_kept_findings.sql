{{ config(materialized='kept') }}

with

-- These events are in the timeline but in no segment, because segments start with the first activity.
unused_terminal_events as (
    select events.conversation_number
    from {{ ref('int_deduplicated_events') }} as events
    left join {{ ref('int_segments') }} as segments
        on
            events.conversation_number = segments.conversation_number
            and segments.segment_number = 1
    where
        events.boundary in ('resolved', 'escalated')
        and (segments.started_us is null or {{ epoch_us('events.occurred_at') }} < segments.started_us)
),

unanswered_conversations as (
    select segments.conversation_number
    from {{ ref('int_segments') }} as segments
    inner join {{ ref('int_conversations') }} as conversations
        on segments.conversation_number = conversations.conversation_number
    group by segments.conversation_number, conversations.exclusion_reason
    having
        sum(segments.customer_message_count) > 0
        and sum(segments.bot_message_count + segments.agent_message_count) = 0
        and not {{ is_excluded('conversations.exclusion_reason', '(count(segments.first_escalated_us) > 0)') }}
),

findings as (
    select
        conversation_number,
        finding,
        row_count
    from {{ ref('int_row_findings') }}
    union all
    select
        conversation_number,
        'terminal_events_before_first_activity' as finding,
        1 as row_count
    from unused_terminal_events
    union all
    select
        conversation_number,
        'conversations_without_row' as finding,
        1 as row_count
    from {{ ref('int_conversations') }}
    where is_orphan
    union all
    select
        conversation_number,
        'conversations_without_channel' as finding,
        1 as row_count
    from {{ ref('int_conversations') }}
    where not is_orphan and channel = 'unknown'
    union all
    select
        conversation_number,
        'conversations_of_channel_without_policy' as finding,
        1 as row_count
    from {{ ref('int_conversations') }}
    where channel <> 'unknown' and not has_channel_policy
    union all
    select
        conversation_number,
        'conversations_without_customer' as finding,
        1 as row_count
    from {{ ref('int_conversations') }}
    where customer_id is null
    union all
    select
        conversation_number,
        'conversations_the_bot_never_answered' as finding,
        1 as row_count
    from unanswered_conversations
),

final as (
    select
        changed.source,
        changed.conversation_id,
        findings.finding,
        cast(sum(findings.row_count) as bigint) as row_count
    from findings
    inner join {{ ref('int_changed_conversations') }} as changed
        on findings.conversation_number = changed.conversation_number
    group by changed.source, changed.conversation_id, findings.finding
)

select * from final
