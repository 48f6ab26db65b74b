{{ config(materialized='kept') }}

with

-- Terminal events match no key, so the join removes them. A filter would too, but DuckDB would expect it to leave few
-- rows, hold these rows in memory instead of the keys, and lose their order, which compresses better.
activities as (
    select
        conversation_number,
        case when is_activity then segment_number end as segment_number,
        position_in_segment,
        happened_us,
        row_id,
        row_kind,
        actor
    from {{ ref('int_segmented_timeline') }}
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
        cast(activities.row_kind as {{ dbt.type_string() }}) as author_type,
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
