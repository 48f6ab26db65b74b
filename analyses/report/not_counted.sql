-- What became of every segment: sessions count; the others do not, for the named reason.
with

counted as (
    select
        segment_kind,
        count(*) as segment_count,
        count(distinct source || '/' || conversation_id) as conversation_count,
        sum(customer_message_count) as customer_messages,
        sum(bot_message_count) as bot_messages,
        sum(agent_message_count) as agent_messages
    from {{ ref('segments') }}
    group by segment_kind
)

select
    segment_kind,
    {{ ratio('segment_count', 'sum(segment_count) over ()') }} as segment_share,
    segment_count,
    conversation_count,
    customer_messages,
    bot_messages,
    agent_messages
from counted
order by segment_count desc, segment_kind asc
