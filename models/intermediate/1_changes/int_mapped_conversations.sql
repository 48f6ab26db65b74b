{{ config(materialized='replaced_view') }}

with

conversations as (
    select * from {{ ref('stg_conversations') }}
),

policies as (
    select * from {{ ref('channel_policies') }}
),

final as (
    select
        conversations.source,
        conversations.conversation_id,
        conversations.channel,
        conversations.brand,
        conversations.customer_id,
        conversations.created_at,
        conversations.exclusion_reason,
        conversations.loaded_at,
        conversations.attributes,
        conversations.unreadable_created_at,
        conversations.unreadable_loaded_at,
        conversations.id_finding,
        conversations.row_hash,
        conversations.reject_reason,
        own_policy.channel is not null as has_channel_policy,
        60000000 * cast(coalesce(own_policy.timeout_minutes, any_policy.timeout_minutes) as bigint) as timeout_us
    from conversations
    -- A channel may itself be named `*`. The lookup's row `*` is for every other channel, so it is not that channel's
    -- own.
    left join policies as own_policy
        on
            conversations.channel = own_policy.channel
            and own_policy.channel <> '*'
    left join policies as any_policy
        on any_policy.channel = '*'
)

select * from final
