with

activities as (
    select * from {{ ref('int_segmented_timeline') }}
    where is_activity
),

segments as (
    select * from {{ ref('int_segment_outcomes') }}
),

final as (
    select
        activities.row_id as message_id,
        segments.source,
        segments.conversation_id,
        segments.segment_id,
        segments.session_id,
        segments.segment_kind,
        activities.row_kind as author_type,
        activities.actor as author_id,
        {{ from_epoch_us('activities.happened_us') }} as sent_at,
        activities.position_in_segment
    from activities
    inner join segments
        on
            activities.conversation_number = segments.conversation_number
            and activities.segment_number = segments.segment_number
)

select * from final
