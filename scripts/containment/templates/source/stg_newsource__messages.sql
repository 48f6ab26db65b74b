with

final as (
    select
        id as message_id,
        conversation_id,
        case lower(sender)
            when 'user' then 'customer'
            when 'bot' then 'bot'
            when 'staff' then 'agent'
            -- The word itself, so that the message is rejected and can be found.
            else sender
        end as author_type,
        sender_id as author_id,
        not {{ boolean('private', 'false') }} as is_public,
        created_at as sent_at,
        cast(null as varchar) as topic,
        cast(null as timestamp) as loaded_at,
        cast(null as varchar) as attributes
    from {{ source('newsource', 'message') }}
)

select * from final
