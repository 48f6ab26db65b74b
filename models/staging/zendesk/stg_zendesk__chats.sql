with

-- A chat can lead to several tickets. One that the bot settled often leads to none; then it is a conversation of its
-- own. A chat without an id is left out: no event can refer to it, and its ticket stands without it.
chats as (
    select
        chat_id,
        min_by(ticket_id, try_cast(nullif(ticket_id, '0') as bigint)) as ticket_id,
        min(channel) as channel,
        min(user_id) as user_id,
        min(_fivetran_synced) as loaded_at
    from {{ source('zendesk', 'ticket_chat') }}
    where chat_id is not null
    group by chat_id
),

last_events as (
    select
        chat_id,
        max({{ utc_timestamp('created_at') }}) as last_event_at
    from {{ source('zendesk', 'ticket_chat_event') }}
    group by chat_id
),

final as (
    select
        chats.chat_id,
        coalesce(chats.ticket_id, concat('chat ', chats.chat_id)) as conversation_id,
        chats.channel,
        chats.user_id,
        last_events.last_event_at,
        chats.ticket_id is null as is_without_ticket,
        chats.loaded_at
    from chats
    left join last_events
        on chats.chat_id = last_events.chat_id
)

select * from final
