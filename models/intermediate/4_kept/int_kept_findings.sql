{{ config(materialized='kept') }}

with

-- Found in the timeline, but in no segment, for segments start with the first activity.
unused_terminal_events as (
    select events.conversation_number
    from {{ ref('int_events') }} as events
    left join {{ ref('int_segments') }} as segments
        on
            events.conversation_number = segments.conversation_number
            and segments.segment_number = 1
    where
        events.boundary in ('resolved', 'escalated')
        and (segments.started_us is null or {{ epoch_us('events.occurred_at') }} < segments.started_us)
),

unreadable_load_times as (
    select conversation_number
    from {{ ref('int_changed_conversation_rows') }}
    where unreadable_loaded_at is not null
    union all
    select conversation_number
    from {{ ref('int_changed_messages') }}
    where unreadable_loaded_at is not null
    union all
    select conversation_number
    from {{ ref('int_changed_events') }}
    where unreadable_loaded_at is not null
),

written_ids as (
    select
        conversation_number,
        id_finding
    from {{ ref('int_changed_conversation_rows') }}
    union all
    select
        conversation_number,
        id_finding
    from {{ ref('int_changed_messages') }}
    union all
    select
        conversation_number,
        id_finding
    from {{ ref('int_changed_events') }}
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
        'internal_notes' as finding
    from {{ ref('int_messages') }}
    where not is_public
    union all
    select
        conversation_number,
        'system_messages' as finding
    from {{ ref('int_messages') }}
    where author_type = 'system'
    union all
    select
        conversation_number,
        'events_of_unmapped_type' as finding
    from {{ ref('int_events') }}
    where boundary is null
    union all
    select
        conversation_number,
        'terminal_events_before_first_activity' as finding
    from unused_terminal_events
    union all
    select
        conversation_number,
        'conversations_without_row' as finding
    from {{ ref('int_conversations') }}
    where is_orphan
    union all
    select
        conversation_number,
        'conversations_without_channel' as finding
    from {{ ref('int_conversations') }}
    where not is_orphan and channel = 'unknown'
    union all
    select
        conversation_number,
        'conversations_of_channel_without_policy' as finding
    from {{ ref('int_conversations') }}
    where channel <> 'unknown' and not has_channel_policy
    union all
    select
        conversation_number,
        'conversations_without_customer' as finding
    from {{ ref('int_conversations') }}
    where customer_id is null
    union all
    select
        conversation_number,
        'conversations_the_bot_never_answered' as finding
    from unanswered_conversations
    union all
    select
        conversation_number,
        'unreadable_load_times' as finding
    from unreadable_load_times
    union all
    -- One that is inexact is a rejected row.
    select
        conversation_number,
        id_finding as finding
    from written_ids
    where id_finding in ('ids_of_whole_numbers', 'ids_with_blanks')
),

final as (
    select
        changed.source,
        changed.conversation_id,
        findings.finding,
        count(*) as row_count
    from findings
    inner join {{ ref('int_changed_conversations') }} as changed
        on findings.conversation_number = changed.conversation_number
    group by changed.source, changed.conversation_id, findings.finding
)

select * from final
