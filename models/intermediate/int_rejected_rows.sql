with

rejected_conversations as (
    select
        source,
        'conversations' as table_name,
        conversation_id,
        conversation_id as row_id,
        reject_reason as reason,
        {{ json_object({
            'conversation_id': 'conversation_id', 'channel': 'channel', 'brand': 'brand', 'customer_id': 'customer_id',
            'created_at': as_read('created_at'), 'exclusion_reason': 'exclusion_reason', 'loaded_at': as_read('loaded_at')
        }) }} as row_json
    from {{ ref('stg_conversations') }}
    where reject_reason is not null
),

rejected_messages as (
    select
        source,
        'messages' as table_name,
        conversation_id,
        message_id as row_id,
        reject_reason as reason,
        {{ json_object({
            'message_id': 'message_id', 'conversation_id': 'conversation_id', 'author_type': 'author_type',
            'author_id': 'author_id', 'is_public': as_read('is_public'), 'sent_at': as_read('sent_at'), 'topic': 'topic',
            'loaded_at': as_read('loaded_at')
        }) }} as row_json
    from {{ ref('stg_messages') }}
    where reject_reason is not null
),

rejected_events as (
    select
        source,
        'events' as table_name,
        conversation_id,
        event_id as row_id,
        reject_reason as reason,
        {{ json_object({
            'event_id': 'event_id', 'conversation_id': 'conversation_id', 'event_type': 'event_type',
            'actor_type': 'actor_type', 'occurred_at': as_read('occurred_at'), 'reason': 'reason',
            'loaded_at': as_read('loaded_at')
        }) }} as row_json
    from {{ ref('stg_events') }}
    where reject_reason is not null
),

final as (
    select * from rejected_conversations
    union all
    select * from rejected_messages
    union all
    select * from rejected_events
)

select * from final
