with

exclusions as (
    select
        ticket_tags.ticket_id,
        -- The first of several tags by name decides. A merge comes last: a merged conversation can still count.
        min_by(
            excluded_tags.exclusion_reason,
            concat(case when excluded_tags.exclusion_reason = 'merged' then '1' else '0' end, excluded_tags.tag)
        ) as exclusion_reason
    from {{ source('zendesk', 'ticket_tag') }} as ticket_tags
    inner join {{ ref('zendesk_excluded_tags') }} as excluded_tags
        on lower(trim(ticket_tags.tag)) = excluded_tags.tag
    group by ticket_tags.ticket_id
),

-- Read where the setting attributes names `tag`.
tags_of_tickets as (
    select
        ticket_id,
        list(tag) as tags
    from {{ source('zendesk', 'ticket_tag') }}
    group by ticket_id
),

tickets as (
    select
        tickets.id as conversation_id,
        tickets.via_channel,
        brands.name as brand,
        tickets.requester_id as customer_id,
        cast(tickets.created_at as varchar) as created_at,
        case
            when tickets.status = 'deleted' then 'deleted'
            when {{ boolean('tickets._fivetran_deleted', 'false') }} is true then 'deleted'
            else exclusions.exclusion_reason
        end as exclusion_reason,
        tickets._fivetran_synced as loaded_at,
        {{ attributes(row='tickets', lists={'tag': 'tags_of_tickets.tags'}) }} as attributes
    from {{ source('zendesk', 'ticket') }} as tickets
    left join {{ source('zendesk', 'brand') }} as brands
        on tickets.brand_id = brands.id
    left join tags_of_tickets -- noqa: ST11
        on tickets.id = tags_of_tickets.ticket_id
    left join exclusions
        on tickets.id = exclusions.ticket_id
),

-- The bot settled these alone. Without them, every conversation would be one that people took over.
chats_without_ticket as (
    select
        conversation_id,
        channel as via_channel,
        cast(null as varchar) as brand,
        user_id as customer_id,
        cast(null as varchar) as created_at,
        cast(null as varchar) as exclusion_reason,
        loaded_at,
        cast(null as varchar) as attributes
    from {{ ref('stg_zendesk__chats') }}
    where is_without_ticket
),

conversations as (
    select * from tickets
    union all
    select * from chats_without_ticket
),

final as (
    select
        conversations.conversation_id,
        coalesce(channels.channel, conversations.via_channel) as channel,
        conversations.brand,
        conversations.customer_id,
        conversations.created_at,
        conversations.exclusion_reason,
        conversations.loaded_at,
        conversations.attributes
    from conversations
    left join {{ ref('zendesk_channels') }} as channels
        on lower(conversations.via_channel) = channels.via_channel
)

select * from final
