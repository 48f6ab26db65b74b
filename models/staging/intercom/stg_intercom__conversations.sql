with

-- A group conversation has several contacts; the same one is told each night.
contacts as (
    select
        conversation_id,
        min(contact_id) as contact_id
    from {{ source('intercom', 'conversation_contact_history') }}
    where {{ boolean('_fivetran_active', 'true') }} is not false
    group by conversation_id
),

-- Intercom has no flag for spam or tests: people mark them by tags. Of several tags the first by name tells.
exclusions as (
    select
        conversation_tags.conversation_id,
        min_by(excluded_tags.exclusion_reason, excluded_tags.tag) as exclusion_reason
    from {{ source('intercom', 'conversation_tag_history') }} as conversation_tags
    inner join {{ source('intercom', 'tag') }} as tags
        on conversation_tags.tag_id = tags.id
    inner join {{ ref('intercom_excluded_tags') }} as excluded_tags
        on lower(trim(tags.name)) = excluded_tags.tag
    where {{ boolean('conversation_tags._fivetran_active', 'true') }} is not false
    group by conversation_tags.conversation_id
),

final as (
    select
        conversations.id as conversation_id,
        coalesce(channels.channel, conversations.source_type) as channel,
        cast(null as varchar) as brand,
        -- Whoever wrote first, where that is a customer: the others of a group were added later.
        case
            when lower(conversations.source_author_type) in ('user', 'lead', 'contact')
                then coalesce(conversations.source_author_id, contacts.contact_id)
            else contacts.contact_id
        end as customer_id,
        conversations.created_at,
        -- A merge last: a merged conversation can count all the same, spam cannot.
        coalesce(
            exclusions.exclusion_reason, case when merged.conversation_id is not null then 'merged' end
        ) as exclusion_reason,
        conversations._fivetran_synced as loaded_at
    from {{ source('intercom', 'conversation_history') }} as conversations
    left join contacts
        on conversations.id = contacts.conversation_id
    left join exclusions
        on conversations.id = exclusions.conversation_id
    left join {{ ref('stg_intercom__merges') }} as merged
        on conversations.id = merged.conversation_id
    left join {{ ref('intercom_channels') }} as channels
        on lower(conversations.source_type) = channels.source_type
    where {{ boolean('conversations._fivetran_active', 'true') }} is not false
)

select * from final
