with

-- The opening message is not a part: the conversation itself holds it, and it has the conversation's time.
opening_messages as (
    select
        -- It comes before every part, even of the same second: ! sorts before all digits.
        '!opening' as message_id,
        id as conversation_id,
        -- An author who is gone has no type any more; the delivery shows who wrote the message.
        case
            when coalesce(trim(source_author_type), '') <> '' then source_author_type
            when lower(source_delivered_as) = 'customer_initiated' then 'user'
        end as author_role,
        source_author_id as author_id,
        -- Campaigns and other automatic messages come under a person's name.
        lower(source_delivered_as) in ('automated', 'campaign_initiated') as is_automatic,
        false as is_from_ai,
        true as is_public,
        created_at as sent_at,
        _fivetran_synced as loaded_at
    from {{ source('intercom', 'conversation_history') }}
    where {{ boolean('_fivetran_active', 'true') }} is not false
),

-- A close or an assignment may carry a text; then it is both a message and an event.
parts as (
    select
        lpad(parts.id, 20, '0') as message_id,
        parts.conversation_id,
        case
            when coalesce(trim(parts.author_type), '') <> '' then parts.author_type
            when contacts.contact_id is not null then 'user'
            -- Deleted, and not a contact: an agent.
            else 'admin'
        end as author_role,
        parts.author_id,
        false as is_automatic,
        {{ boolean('parts.from_ai_agent', 'false') }} is true as is_from_ai,
        coalesce(part_types.message, '') <> 'internal' as is_public,
        parts.created_at as sent_at,
        parts._fivetran_synced as loaded_at
    from {{ source('intercom', 'conversation_part_history') }} as parts
    left join {{ ref('intercom_part_types') }} as part_types
        on lower(trim(parts.part_type)) = part_types.part_type
    left join {{ ref('stg_intercom__contacts') }} as contacts
        on parts.author_id = contacts.contact_id
    where
        {{ boolean('parts._fivetran_active', 'true') }} is not false
        and case
            when part_types.message = 'none' then false
            when part_types.message in ('public', 'internal') then true
            else coalesce(parts.has_text, false)
        end
),

messages as (
    select * from opening_messages
    union all
    select * from parts
),

final as (
    select
        messages.message_id,
        messages.conversation_id,
        case
            when messages.is_automatic then 'system'
            when messages.is_from_ai then 'bot'
            -- Without a row in the lookup, the word itself stays, so that the message is rejected and can be found.
            else coalesce(by_id.author_type, by_role.author_type, messages.author_role)
        end as author_type,
        messages.author_id,
        messages.is_public,
        messages.sent_at,
        cast(null as varchar) as topic,
        messages.loaded_at,
        cast(null as varchar) as attributes
    from messages
    left join {{ ref('intercom_authors') }} as by_id
        on
            lower(trim(messages.author_role)) = by_id.author_role
            and messages.author_id = by_id.author_id
    left join {{ ref('intercom_authors') }} as by_role
        on
            lower(trim(messages.author_role)) = by_role.author_role
            and by_role.author_id = '*'
)

select * from final
