with

-- Zendesk shows agents earlier chats again; a repeated message is not a second one.
first_told_events as (
    select
        *,
        case
            when lower(message_source_type) like 'zd:answerbot%' then 'answer_bot'
            when actor_id like 'agent:_%' then 'agent'
            when actor_id like '\_\_%' escape '\' then actor_id
        end as actor_role,
        nullif(regexp_replace(coalesce(actor_id, ''), '^agent:', ''), '') as actor_user_id
    from {{ source('zendesk', 'ticket_chat_event') }}
    where
        {{ boolean('is_history_context', 'false') }} is not true
        -- This type says whether a message was delivered and read.
        and type <> 'ChatMessageStatus'
),

roled_events as (
    select
        first_told_events.*,
        chats.conversation_id as chat_conversation_id,
        case
            when first_told_events.actor_role is not null then first_told_events.actor_role
            -- The user who opened the chat is its customer, whatever their role is or was.
            when first_told_events.actor_user_id = chats.user_id then 'end-user'
            when people.user_role is not null then people.user_role
            when first_told_events.actor_user_id is null then null
            when first_told_events.message_author_type = 'BUSINESS' then 'agent'
            else 'end-user'
        end as author_role
    from first_told_events
    left join {{ ref('stg_zendesk__chats') }} as chats
        on first_told_events.chat_id = chats.chat_id
    left join {{ ref('stg_zendesk__people') }} as people
        on
            first_told_events.actor_user_id = people.user_id
            and first_told_events.actor_role is null
),

final as (
    select
        coalesce(
            nullif(roled_events.message_id, ''),
            concat_ws(' ', lpad(roled_events.chat_index, 6, '0'), roled_events.created_at, roled_events.actor_id)
        ) as chat_event_id,
        coalesce(roled_events.chat_conversation_id, concat('chat ', roled_events.chat_id)) as conversation_id,
        roled_events.type,
        roled_events.actor_user_id,
        coalesce(by_id.author_type, by_role.author_type, roled_events.author_role) as author_type,
        roled_events.created_at,
        roled_events._fivetran_synced as loaded_at
    from roled_events
    left join {{ ref('zendesk_authors') }} as by_id
        on
            roled_events.author_role = by_id.author_role
            and roled_events.actor_user_id = by_id.user_id
    left join {{ ref('zendesk_authors') }} as by_role
        on
            roled_events.author_role = by_role.author_role
            and by_role.user_id = '*'
)

select * from final
