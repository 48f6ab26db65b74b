with

-- A bot is known by the conversations that it follows.
bots as (
    select distinct unnest(from_json(bot_keys, '["VARCHAR"]')) as author_key
    from {{ source('reamaze', 'reamaze_conversations') }}
),

listed_authors as (
    select
        sha256(lower(trim(author))) as author_key,
        author_type
    from {{ ref('reamaze_authors') }}
),

final as (
    select
        -- Messages come without an id.
        sha256(concat_ws('|', messages.slug, messages.created_at, messages.author_key, messages.body_key))
            as message_id,
        messages.slug as conversation_id,
        case
            when listed_by_address.author_type is not null then listed_by_address.author_type
            when listed_by_name.author_type is not null then listed_by_name.author_type
            when bots.author_key is not null then 'bot'
            when coalesce(messages.is_staff, false) then 'agent'
            else 'customer'
        end as author_type,
        messages.author_key as author_id,
        -- 1 is an internal note; 2 says that two people are writing.
        coalesce(messages.visibility, 0) = 0 as is_public,
        messages.created_at as sent_at,
        cast(null as varchar) as topic,
        messages.loaded_at,
        cast(null as varchar) as attributes
    from {{ source('reamaze', 'reamaze_messages') }} as messages
    left join bots
        on messages.author_key = bots.author_key
    left join listed_authors as listed_by_address
        on messages.author_key = listed_by_address.author_key
    left join listed_authors as listed_by_name
        on messages.author_name_key = listed_by_name.author_key
)

select * from final
