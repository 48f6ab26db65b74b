with

-- Several versions of one inbox or account may have been loaded; a join to all of them would multiply conversations.
latest_inboxes as (
    select *
    from {{ source('chatwoot', 'chatwoot_inboxes') }}
    qualify row_number() over (partition by id order by loaded_at desc nulls last, updated_at desc nulls last) = 1
),

latest_accounts as (
    select *
    from {{ source('chatwoot', 'chatwoot_accounts') }}
    qualify row_number() over (partition by id order by loaded_at desc nulls last, updated_at desc nulls last) = 1
),

final as (
    select
        cast(conversations.id as varchar) as conversation_id,
        coalesce(channels.channel, regexp_replace(inboxes.channel_type, '^Channel::', '')) as channel,
        -- An account can serve several brands, each through an inbox with a business name of its own.
        coalesce(nullif(trim(inboxes.business_name), ''), latest_accounts.name) as brand,
        cast(conversations.contact_id as varchar) as customer_id,
        conversations.created_at,
        -- Chatwoot has no flag for spam or tests: people mark them with labels.
        (
            select min(excluded_labels.exclusion_reason)
            from {{ ref('chatwoot_excluded_labels') }} as excluded_labels
            where
                list_contains(
                    string_split(
                        regexp_replace(lower(trim(conversations.cached_label_list)), '\s*,\s*', ',', 'g'), ','
                    ),
                    lower(trim(excluded_labels.label_name))
                )
        ) as exclusion_reason,
        coalesce({{ utc_timestamp('conversations.loaded_at') }}, {{ utc_timestamp('conversations.updated_at') }})
            as loaded_at,
        {{ attributes(row='conversations', lists={'label': chatwoot_labels('conversations')}) }} as attributes
    from {{ source('chatwoot', 'chatwoot_conversations') }} as conversations
    left join latest_inboxes as inboxes
        on conversations.inbox_id = inboxes.id
    left join latest_accounts
        on conversations.account_id = latest_accounts.id
    left join {{ ref('chatwoot_channels') }} as channels
        on inboxes.channel_type = channels.channel_type
)

select * from final
