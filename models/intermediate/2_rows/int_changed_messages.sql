{{ config(pre_hook="{{ list_changed() }}", post_hook="{{ forget_changed() }}") }}

with

changed as (
    select * from {{ ref('int_changed_conversations') }}
),

-- A row without a load time counts as loaded at its own time.
final as (
    select
        changed.conversation_number,
        messages.message_id,
        messages.author_type,
        messages.author_id,
        messages.is_public,
        messages.sent_at,
        messages.topic,
        messages.loaded_at,
        messages.unreadable_is_public,
        messages.unreadable_sent_at,
        messages.unreadable_loaded_at,
        messages.id_finding,
        coalesce(messages.loaded_at, messages.sent_at) as known_at,
        messages.reject_reason,
        messages.row_hash
    from {{ ref('stg_messages') }} as messages
    inner join changed
        on
            messages.source = changed.source
            and coalesce(messages.conversation_id, '') = changed.conversation_id
    where {{ may_be_changed('messages.conversation_id') }}
)

select * from final
