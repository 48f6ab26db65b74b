{{ config(materialized='kept') }}

with

conversations as (
    select * from {{ ref('int_conversations') }}
),

row_counts as (
    select * from {{ ref('int_row_counts') }}
),

-- Only the last segment of a conversation can be open.
segments as (
    select
        conversation_number,
        sum(customer_message_count + bot_message_count + agent_message_count) as message_count,
        sum(bot_message_count) as bot_message_count,
        count(*) as segment_count,
        count(case when segment_kind = 'session' then 1 end) as session_count,
        count(case when segment_kind = 'session' and final_outcome <> 'escalated' then 1 end)
            as contained_session_count,
        max(case when segment_kind = 'session' and final_outcome = 'timed_out' then open_until_us end) as open_until_us,
        min(started_us) as first_activity_us,
        max(last_activity_us) as last_activity_us
    from {{ ref('int_segment_ends') }}
    group by conversation_number
),

final as (
    select
        conversations.source,
        conversations.conversation_id,
        conversations.brand,
        conversations.channel,
        conversations.customer_id,
        conversations.created_at,
        conversations.exclusion_reason,
        conversations.is_orphan,
        row_counts.conversation_rows_used,
        row_counts.conversation_rows_duplicate,
        row_counts.message_rows_used,
        row_counts.message_rows_duplicate,
        row_counts.event_rows_used,
        row_counts.event_rows_duplicate,
        row_counts.activity_count,
        row_counts.terminal_event_count,
        cast(coalesce(segments.message_count, 0) as bigint) as message_count,
        cast(coalesce(segments.bot_message_count, 0) as bigint) as bot_message_count,
        coalesce(segments.segment_count, 0) as segment_count,
        coalesce(segments.session_count, 0) as session_count,
        coalesce(segments.contained_session_count, 0) as contained_session_count,
        segments.open_until_us,
        segments.first_activity_us,
        segments.last_activity_us
    from conversations
    inner join row_counts
        on conversations.conversation_number = row_counts.conversation_number
    left join segments
        on conversations.conversation_number = segments.conversation_number
)

select * from final
