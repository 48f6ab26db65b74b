with

conversations as (
    select * from {{ ref('int_conversations') }}
),

segments as (
    select
        conversation_number,
        sum(customer_message_count + bot_message_count + agent_message_count) as message_count,
        sum(bot_message_count) as bot_message_count,
        count(*) as segment_count,
        count(case when segment_kind = 'session' then 1 end) as session_count,
        count(case when segment_kind = 'session' and outcome <> 'open' then 1 end) as closed_session_count,
        count(case when segment_kind = 'session' and is_contained then 1 end) as contained_session_count,
        min(started_us) as first_activity_us,
        max(last_activity_us) as last_activity_us
    from {{ ref('int_segment_outcomes') }}
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
        coalesce(segments.bot_message_count, 0) > 0 as has_bot,
        cast(coalesce(segments.message_count, 0) as bigint) as message_count,
        coalesce(segments.segment_count, 0) as segment_count,
        coalesce(segments.session_count, 0) as session_count,
        coalesce(segments.closed_session_count, 0) as closed_session_count,
        coalesce(segments.contained_session_count, 0) as contained_session_count,
        {{ ratio('segments.contained_session_count', 'segments.closed_session_count') }} as containment_rate,
        {{ from_epoch_us('segments.first_activity_us') }} as first_activity_at,
        {{ from_epoch_us('segments.last_activity_us') }} as last_activity_at
    from conversations
    left join segments
        on conversations.conversation_number = segments.conversation_number
)

select * from final
