with

-- A group conversation has several contacts; every run picks the same one.
contacts as (
    select
        conversation_id,
        min(contact_id) as contact_id
    from {{ source('intercom', 'conversation_contact_history') }}
    where {{ boolean('_fivetran_active', 'true') }} is not false
    group by conversation_id
),

-- Intercom has no flag for spam or tests: people mark them with tags. If there are several, the first by name decides.
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

-- Read where the setting attributes names `tag`.
tags_of_conversations as (
    select
        conversation_tags.conversation_id,
        list(tags.name) as tags
    from {{ source('intercom', 'conversation_tag_history') }} as conversation_tags
    inner join {{ source('intercom', 'tag') }} as tags
        on conversation_tags.tag_id = tags.id
    where {{ boolean('conversation_tags._fivetran_active', 'true') }} is not false
    group by conversation_tags.conversation_id
),

final as (
    select
        conversations.id as conversation_id,
        coalesce(channels.channel, conversations.source_type) as channel,
        cast(null as varchar) as brand,
        -- The author of the opening message, if a customer: the others of a group joined later.
        case
            when lower(conversations.source_author_type) in ('user', 'lead', 'contact')
                then coalesce(conversations.source_author_id, contacts.contact_id)
            else contacts.contact_id
        end as customer_id,
        conversations.created_at,
        -- A merge comes last: a merged conversation can still count, spam cannot.
        coalesce(
            exclusions.exclusion_reason, case when merged.conversation_id is not null then 'merged' end
        ) as exclusion_reason,
        conversations._fivetran_synced as loaded_at,
        {{ attributes(row='conversations', lists={'tag': 'tags_of_conversations.tags'}) }} as attributes
    from {{ source('intercom', 'conversation_history') }} as conversations
    left join contacts
        on conversations.id = contacts.conversation_id
    left join tags_of_conversations -- noqa: ST11
        on conversations.id = tags_of_conversations.conversation_id
    left join exclusions
        on conversations.id = exclusions.conversation_id
    left join {{ ref('stg_intercom__merges') }} as merged
        on conversations.id = merged.conversation_id
    left join {{ ref('intercom_channels') }} as channels
        on lower(conversations.source_type) = channels.source_type
    where {{ boolean('conversations._fivetran_active', 'true') }} is not false
)

select * from final
