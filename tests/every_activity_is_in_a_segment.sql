-- Coverage one way: an activity is a used, public message by a customer, a bot or an agent, and none gets lost.
select
    messages.source,
    messages.conversation_id,
    messages.message_id
from {{ ref('int_messages') }} as messages
left join {{ ref('messages') }} as activities
    on
        messages.source = activities.source
        and messages.conversation_id = activities.conversation_id
        and messages.message_id = activities.message_id
where
    messages.is_public
    and messages.author_type in ('customer', 'bot', 'agent')
    and activities.segment_id is null
