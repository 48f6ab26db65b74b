with

sessions as (
    select
        source,
        conversation_id,
        is_contained is not null as is_closed,
        is_contained is not null and is_bot_involved as is_closed_with_bot,
        is_contained and is_bot_involved as is_contained_with_bot,
        is_recontacted_7d
    from {{ ref('sessions') }}
),

-- Each step asks for one thing more than the step before it.
by_conversation as (
    select
        source,
        conversation_id,
        count(*) as session_count,
        count(case when is_closed then 1 end) as closed_count,
        count(case when is_closed_with_bot then 1 end) as bot_involved_count,
        count(case when is_contained_with_bot then 1 end) as contained_count,
        count(case when is_contained_with_bot and is_recontacted_7d is not null then 1 end) as matured_count,
        count(case when is_contained_with_bot and not is_recontacted_7d then 1 end) as stayed_contained_count
    from sessions
    group by source, conversation_id
),

by_channel as (
    select
        conversations.channel,
        count(*) as conversations,
        sum(conversations.segment_count) as segments,
        count(by_conversation.session_count) as session_conversations,
        sum(by_conversation.session_count) as sessions,
        count(case when by_conversation.closed_count > 0 then 1 end) as closed_conversations,
        sum(by_conversation.closed_count) as closed,
        count(case when by_conversation.bot_involved_count > 0 then 1 end) as bot_involved_conversations,
        sum(by_conversation.bot_involved_count) as bot_involved,
        count(case when by_conversation.contained_count > 0 then 1 end) as contained_conversations,
        sum(by_conversation.contained_count) as contained,
        count(case when by_conversation.matured_count > 0 then 1 end) as matured_conversations,
        sum(by_conversation.matured_count) as matured,
        count(case when by_conversation.stayed_contained_count > 0 then 1 end) as stayed_contained_conversations,
        sum(by_conversation.stayed_contained_count) as stayed_contained
    from {{ ref('conversations') }} as conversations
    left join by_conversation
        on
            conversations.source = by_conversation.source
            and conversations.conversation_id = by_conversation.conversation_id
    group by conversations.channel
),

steps as (
    {% for step, segments, conversations in [
        ('conversations', 'segments', 'conversations'),
        ('sessions', 'sessions', 'session_conversations'),
        ('closed', 'closed', 'closed_conversations'),
        ('bot_involved', 'bot_involved', 'bot_involved_conversations'),
        ('contained', 'contained', 'contained_conversations'),
        ('matured', 'matured', 'matured_conversations'),
        ('stayed_contained', 'stayed_contained', 'stayed_contained_conversations'),
    ] %}
        {{ 'union all' if not loop.first }}
        select
            channel,
            {{ loop.index }} as step_number,
            '{{ step }}' as step,
            cast({{ conversations }} as bigint) as conversation_count,
            cast(coalesce({{ segments }}, 0) as bigint) as segment_count
        from by_channel
    {% endfor %}
),

previous_added as (
    select
        *,
        lag(segment_count) over (partition by channel order by step_number) as previous_segment_count
    from steps
),

final as (
    select
        channel,
        step_number,
        step,
        conversation_count,
        segment_count,
        {{ ratio('segment_count', 'previous_segment_count') }} as share_of_previous_step
    from previous_added
)

select * from final
