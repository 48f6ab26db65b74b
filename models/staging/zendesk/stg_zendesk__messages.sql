with

ticket_chats as (
    select
        conversation_id as ticket_id,
        max(last_event_at) as last_event_at
    from {{ ref('stg_zendesk__chats') }}
    group by conversation_id
),

roled_comments as (
    select
        ticket_comments.*,
        case
            -- Zendesk itself: its triggers and automations.
            when ticket_comments.user_id = '-1' then '__system'
            when ticket_comments.user_id = tickets.requester_id then 'end-user'
            when people.user_id is not null then people.user_role
            -- Deleted, and not the requester: an agent.
            when ticket_comments.user_id <> '' then 'agent'
        end as author_role,
        -- Zendesk also writes a chat into its ticket, by the end of the chat. Only the chat's own messages count.
        coalesce(
            {{ utc_timestamp('ticket_comments.created') }} <= ticket_chats.last_event_at + interval 1 minute, false
        ) as is_transcript,
        -- Zendesk writes into a merged ticket who merged it, and into which one.
        coalesce({{ utc_timestamp('ticket_comments.created') }} >= merged.merged_at, false) as is_of_merge
    from {{ source('zendesk', 'ticket_comment') }} as ticket_comments
    left join {{ source('zendesk', 'ticket') }} as tickets
        on ticket_comments.ticket_id = tickets.id
    left join {{ ref('stg_zendesk__people') }} as people
        on ticket_comments.user_id = people.user_id
    left join ticket_chats
        on ticket_comments.ticket_id = ticket_chats.ticket_id
    left join {{ ref('stg_zendesk__merges') }} as merged
        on ticket_comments.ticket_id = merged.ticket_id
),

comments as (
    select
        lpad(roled_comments.id, 20, '0') as message_id,
        roled_comments.ticket_id as conversation_id,
        case
            when roled_comments.is_transcript or roled_comments.is_of_merge then 'system'
            -- Without a row in the lookup, the word itself stays, so that the message is rejected and can be found.
            else coalesce(by_id.author_type, by_role.author_type, roled_comments.author_role)
        end as author_type,
        roled_comments.user_id as author_id,
        {{ boolean('roled_comments.public', 'true') }} as is_public,
        roled_comments.created as sent_at,
        roled_comments._fivetran_synced as loaded_at
    from roled_comments
    left join {{ ref('zendesk_authors') }} as by_id
        on
            roled_comments.author_role = by_id.author_role
            and roled_comments.user_id = by_id.user_id
    left join {{ ref('zendesk_authors') }} as by_role
        on
            roled_comments.author_role = by_role.author_role
            and by_role.user_id = '*'
),

chat_messages as (
    select
        chat_event_id as message_id,
        conversation_id,
        author_type,
        actor_user_id as author_id,
        true as is_public,
        created_at as sent_at,
        loaded_at
    from {{ ref('stg_zendesk__chat_events') }}
    where type in ('ChatMessage', 'ChatFileAttachment')
),

messages as (
    select * from comments
    union all
    select * from chat_messages
),

final as (
    select
        message_id,
        conversation_id,
        author_type,
        author_id,
        is_public,
        sent_at,
        cast(null as varchar) as topic,
        loaded_at,
        cast(null as varchar) as attributes
    from messages
)

select * from final
