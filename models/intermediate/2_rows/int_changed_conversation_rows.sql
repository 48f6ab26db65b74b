{{ config(pre_hook="{{ list_changed() }}", post_hook="{{ forget_changed() }}") }}

with

changed as (
    select * from {{ ref('int_changed_conversations') }}
),

-- A row without a load time counts as loaded at its own time.
final as (
    select
        changed.conversation_number,
        conversations.channel,
        conversations.brand,
        conversations.customer_id,
        conversations.created_at,
        conversations.exclusion_reason,
        conversations.has_channel_policy,
        conversations.timeout_us,
        conversations.loaded_at,
        conversations.unreadable_created_at,
        conversations.unreadable_loaded_at,
        conversations.id_finding,
        coalesce(conversations.loaded_at, conversations.created_at) as known_at,
        conversations.reject_reason,
        conversations.row_hash
    from {{ ref('int_mapped_conversations') }} as conversations
    inner join changed
        on
            conversations.source = changed.source
            and coalesce(conversations.conversation_id, '') = changed.conversation_id
    where {{ may_be_changed('conversations.conversation_id') }}
)

select * from final
