with

rows_of_conversations as (
    select
        source,
        sum(conversation_rows) as conversation_rows,
        sum(conversation_rows + message_rows + event_rows) as timeline_rows
    from {{ ref('int_kept_states') }}
    group by source
),

conversations as (
    select
        source,
        count(*) as conversation_count,
        sum(message_rows_used) as message_count,
        sum(case when is_orphan then message_rows_used else 0 end) as orphan_message_count,
        sum(event_rows_used) as event_count,
        sum(terminal_event_count) as terminal_event_count,
        sum(contained_session_count) as contained_session_count
    from {{ ref('int_kept_conversations') }}
    group by source
),

segments as (
    select
        source,
        count(*) as segment_count,
        count(case when segment_kind = 'excluded' then 1 end) as excluded_segment_count
    from {{ ref('int_kept_segments') }}
    group by source
),

sessions as (
    select
        sessions.source,
        count(*) as session_count,
        count(case when sessions.started_us < drawn.first_us or sessions.started_us > drawn.last_us then 1 end)
            as far_session_count
    from {{ ref('int_kept_sessions') }} as sessions
    cross join {{ ref('int_drawn_span') }} as drawn
    group by sessions.source
),

ratings as (
    select
        source,
        rows_read,
        rows_used
    from {{ ref('int_rating_counts') }}
),

claims as (
    select
        source,
        rows_read,
        rows_used
    from {{ ref('int_claim_counts') }}
),

final as (
    select
        rules.source,
        coalesce(rows_of_conversations.conversation_rows, 0) > 0 as has_conversation_rows,
        cast(
            coalesce(rows_of_conversations.timeline_rows, 0)
            + coalesce(ratings.rows_read, 0)
            + coalesce(claims.rows_read, 0) as bigint
        ) as row_count,
        coalesce(conversations.conversation_count, 0) as conversation_count,
        cast(coalesce(conversations.message_count, 0) as bigint) as message_count,
        cast(coalesce(conversations.orphan_message_count, 0) as bigint) as orphan_message_count,
        cast(coalesce(conversations.event_count, 0) as bigint) as event_count,
        cast(coalesce(conversations.terminal_event_count, 0) as bigint) as terminal_event_count,
        cast(coalesce(ratings.rows_used, 0) as bigint) as rating_count,
        cast(coalesce(claims.rows_used, 0) as bigint) as claim_count,
        coalesce(segments.segment_count, 0) as segment_count,
        coalesce(segments.excluded_segment_count, 0) as excluded_segment_count,
        coalesce(sessions.session_count, 0) as session_count,
        coalesce(sessions.far_session_count, 0) as far_session_count,
        cast(coalesce(conversations.contained_session_count, 0) as bigint) as contained_session_count
    from {{ ref('int_rules') }} as rules
    left join rows_of_conversations
        on rules.source = rows_of_conversations.source
    left join conversations
        on rules.source = conversations.source
    left join segments
        on rules.source = segments.source
    left join sessions
        on rules.source = sessions.source
    left join ratings
        on rules.source = ratings.source
    left join claims
        on rules.source = claims.source
)

select * from final
