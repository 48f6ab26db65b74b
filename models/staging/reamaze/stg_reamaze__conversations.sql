with

-- Each look at a conversation is a row; the last one counts.
latest_looks as (
    select *
    from {{ source('reamaze', 'reamaze_conversations') }}
    qualify
        row_number() over (
            partition by slug
            order by {{ utc_timestamp('loaded_at') }} desc nulls last, {{ utc_timestamp('updated_at') }} desc nulls last
        ) = 1
),

final as (
    select
        conversations.slug as conversation_id,
        coalesce(category_channels.channel, channels.channel, cast(conversations.origin as varchar)) as channel,
        conversations.brand,
        conversations.customer_key as customer_id,
        conversations.created_at,
        case when statuses.name = 'spam' then 'spam' end as exclusion_reason,
        coalesce({{ utc_timestamp('conversations.loaded_at') }}, {{ utc_timestamp('conversations.updated_at') }})
            as loaded_at,
        {{ attributes(row='conversations') }} as attributes
    from latest_looks as conversations
    left join {{ ref('reamaze_statuses') }} as statuses
        on cast(conversations.status as varchar) = statuses.status
    left join {{ ref('reamaze_channels') }} as category_channels
        on cast(conversations.category_channel as varchar) = category_channels.origin
    left join {{ ref('reamaze_channels') }} as channels
        on cast(conversations.origin as varchar) = channels.origin
)

select * from final
