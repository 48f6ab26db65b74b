{{ config(materialized='view') }}

with

conversations as (
    select * from {{ ref('int_conversations') }}
),

messages as (
    select * from {{ ref('int_messages') }}
),

events as (
    select * from {{ ref('int_event_boundaries') }}
),

message_findings as (
    select
        source,
        count(case when not is_public then 1 end) as internal_notes,
        count(case when author_type = 'system' then 1 end) as system_messages
    from messages
    group by source
),

event_findings as (
    select
        source,
        count(case when boundary is null then 1 end) as events_of_unmapped_type,
        count(case when boundary in ('resolved', 'escalated') then 1 end) as terminal_events
    from events
    group by source
),

conversation_findings as (
    select
        source,
        count(case when is_orphan then 1 end) as conversations_without_row,
        count(case when not is_orphan and channel = 'unknown' then 1 end) as conversations_without_channel,
        count(case when channel <> 'unknown' and not has_channel_policy then 1 end)
            as conversations_of_channel_without_policy,
        count(case when customer_id is null then 1 end) as conversations_without_customer
    from conversations
    group by source
),

-- Those that found a segment; the others came before the first activity of their conversation.
used_terminal_events as (
    select
        conversations.source,
        count(*) as used_terminal_events
    from {{ ref('int_segmented_timeline') }} as timeline
    inner join conversations
        on timeline.conversation_number = conversations.conversation_number
    where not timeline.is_activity
    group by conversations.source
),

unreadable_load_times as (
    select source, unreadable_loaded_at from {{ ref('stg_conversations') }}
    union all
    select source, unreadable_loaded_at from {{ ref('stg_messages') }}
    union all
    select source, unreadable_loaded_at from {{ ref('stg_events') }}
),

findings as (
    select source, 'internal_notes' as finding, internal_notes as row_count from message_findings
    union all
    select source, 'system_messages' as finding, system_messages as row_count from message_findings
    union all
    select source, 'events_of_unmapped_type' as finding, events_of_unmapped_type as row_count from event_findings
    union all
    select
        event_findings.source,
        'terminal_events_before_first_activity' as finding,
        event_findings.terminal_events - coalesce(used_terminal_events.used_terminal_events, 0) as row_count
    from event_findings
    left join used_terminal_events
        on event_findings.source = used_terminal_events.source
    union all
    select source, 'conversations_without_row' as finding, conversations_without_row as row_count
    from conversation_findings
    union all
    select source, 'conversations_without_channel' as finding, conversations_without_channel as row_count
    from conversation_findings
    union all
    select
        source,
        'conversations_of_channel_without_policy' as finding,
        conversations_of_channel_without_policy as row_count
    from conversation_findings
    union all
    select source, 'conversations_without_customer' as finding, conversations_without_customer as row_count
    from conversation_findings
    union all
    select source, 'unreadable_load_times' as finding, count(unreadable_loaded_at) as row_count
    from unreadable_load_times
    group by source
),

final as (
    select * from findings
)

select * from final
