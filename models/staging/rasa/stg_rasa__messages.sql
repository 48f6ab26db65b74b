with

final as (
    select
        lpad(cast(id as varchar), 20, '0') as message_id,
        sender_id as conversation_id,
        case
            when type_name = 'user' and is_command then 'system'
            when type_name = 'user' then 'customer'
            else type_name
        end as author_type,
        case when type_name = 'user' then sender_id end as author_id,
        true as is_public,
        {{ rasa_time('timestamp') }} as sent_at,
        -- The intents of commands, and of messages that Rasa did not understand, are not topics.
        case
            when type_name = 'user' and not is_command then nullif(intent_name, 'nlu_fallback')
        end as topic,
        loaded_at,
        cast(null as varchar) as attributes
    from {{ source('rasa', 'events') }}
    where type_name in ('user', 'bot', 'agent')
)

select * from final
