-- Counts the used and the duplicate rows of a conversation, each on its own. So the test that they and the rejected
-- rows sum to the rows read can fail.
with

used_messages as (
    select
        conversation_number,
        count(*) as message_rows_used,
        count(case when is_public and author_type in ('customer', 'bot', 'agent') then 1 end) as activity_count
    from {{ ref('int_deduplicated_messages') }}
    group by conversation_number
),

used_events as (
    select
        conversation_number,
        count(*) as event_rows_used,
        count(case when boundary in ('resolved', 'escalated') then 1 end) as terminal_event_count
    from {{ ref('int_deduplicated_events') }}
    group by conversation_number
),

duplicate_messages as (
    select
        conversation_number,
        cast(sum(row_count - 1) as bigint) as message_rows_duplicate
    from {{ ref('int_repeated_messages') }}
    group by conversation_number
),

duplicate_events as (
    select
        conversation_number,
        cast(sum(row_count - 1) as bigint) as event_rows_duplicate
    from {{ ref('int_repeated_events') }}
    group by conversation_number
),

final as (
    select
        conversations.conversation_number,
        case when conversations.is_orphan then 0 else 1 end as conversation_rows_used,
        coalesce(repeated_conversations.row_count - 1, 0) as conversation_rows_duplicate,
        coalesce(used_messages.message_rows_used, 0) as message_rows_used,
        coalesce(duplicate_messages.message_rows_duplicate, 0) as message_rows_duplicate,
        coalesce(used_events.event_rows_used, 0) as event_rows_used,
        coalesce(duplicate_events.event_rows_duplicate, 0) as event_rows_duplicate,
        coalesce(used_messages.activity_count, 0) as activity_count,
        coalesce(used_events.terminal_event_count, 0) as terminal_event_count
    from {{ ref('int_conversations') }} as conversations
    left join {{ ref('int_repeated_conversations') }} as repeated_conversations
        on conversations.conversation_number = repeated_conversations.conversation_number
    left join used_messages
        on conversations.conversation_number = used_messages.conversation_number
    left join used_events
        on conversations.conversation_number = used_events.conversation_number
    left join duplicate_messages
        on conversations.conversation_number = duplicate_messages.conversation_number
    left join duplicate_events
        on conversations.conversation_number = duplicate_events.conversation_number
)

select * from final
