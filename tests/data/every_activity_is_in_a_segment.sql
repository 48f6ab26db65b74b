-- Coverage one way: every used, public message by a customer, a bot or an agent is an activity of a segment.
with

in_segments as (
    select
        source,
        conversation_id,
        count(*) as activity_count
    from {{ ref('messages') }}
    where {{ is_judged('messages') }}
    group by source, conversation_id
),

conversations as (
    select
        source,
        conversation_id,
        activity_count
    from {{ ref('int_kept_conversations') }}
    where {{ is_judged('int_kept_conversations') }}
)

select
    conversations.source,
    conversations.conversation_id
from conversations
left join in_segments
    on
        conversations.source = in_segments.source
        and conversations.conversation_id = in_segments.conversation_id
where conversations.activity_count <> coalesce(in_segments.activity_count, 0)
