{{ config(materialized='kept') }}

with

activities as (
    select * from {{ ref('int_segmented_timeline') }}
    where is_activity
),

keys as (
    select * from {{ ref('int_segment_keys') }}
),

conversations as (
    select * from {{ ref('int_conversations') }}
),

final as (
    select
        activities.row_id as message_id,
        conversations.source,
        conversations.conversation_id,
        keys.segment_id,
        keys.session_id,
        keys.segment_kind,
        activities.row_kind as author_type,
        activities.actor as author_id,
        {{ from_epoch_us('activities.happened_us') }} as sent_at,
        activities.position_in_segment
    from activities
    inner join keys
        on
            activities.conversation_number = keys.conversation_number
            and activities.segment_number = keys.segment_number
    inner join conversations
        on activities.conversation_number = conversations.conversation_number
)

select * from final
