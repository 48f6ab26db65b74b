{{ config(materialized='kept') }}

with

changed as (
    select
        conversation_number,
        source,
        conversation_id,
        nullif(conversation_id, '') as named_conversation_id
    from {{ ref('int_changed_conversations') }}
),

rejected_conversations as (
    select
        changed.source,
        'conversations' as table_name,
        changed.conversation_id,
        changed.named_conversation_id as row_id,
        rejected.reject_reason as reason,
        {{ json_object({
            'conversation_id': 'changed.named_conversation_id', 'channel': word('channel'), 'brand': word('brand'),
            'customer_id': 'customer_id', 'created_at': as_read('created_at'),
            'exclusion_reason': word('exclusion_reason'), 'loaded_at': as_read('loaded_at')
        }) }} as row_json
    from {{ ref('int_changed_conversation_rows') }} as rejected
    inner join changed
        on rejected.conversation_number = changed.conversation_number
    where rejected.reject_reason is not null
),

rejected_messages as (
    select
        changed.source,
        'messages' as table_name,
        changed.conversation_id,
        rejected.message_id as row_id,
        rejected.reject_reason as reason,
        {{ json_object({
            'message_id': 'message_id', 'conversation_id': 'changed.named_conversation_id',
            'author_type': word('author_type'), 'author_id': 'author_id', 'is_public': as_read('is_public'),
            'sent_at': as_read('sent_at'), 'topic': word('topic'), 'loaded_at': as_read('loaded_at')
        }) }} as row_json
    from {{ ref('int_changed_message_rows') }} as rejected
    inner join changed
        on rejected.conversation_number = changed.conversation_number
    where rejected.reject_reason is not null
),

rejected_events as (
    select
        changed.source,
        'events' as table_name,
        changed.conversation_id,
        rejected.event_id as row_id,
        rejected.reject_reason as reason,
        {{ json_object({
            'event_id': 'event_id', 'conversation_id': 'changed.named_conversation_id', 'event_type': word('event_type'),
            'actor_type': word('actor_type'), 'occurred_at': as_read('occurred_at'),
            'reason': word('reason'), 'loaded_at': as_read('loaded_at')
        }) }} as row_json
    from {{ ref('int_changed_event_rows') }} as rejected
    inner join changed
        on rejected.conversation_number = changed.conversation_number
    where rejected.reject_reason is not null
),

final as (
    select * from rejected_conversations
    union all
    select * from rejected_messages
    union all
    select * from rejected_events
)

select * from final
