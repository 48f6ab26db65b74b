{{ config(pre_hook="{{ list_changed() }}", post_hook="{{ forget_changed() }}") }}

with

changed as (
    select * from {{ ref('int_changed_conversations') }}
),

-- A row without a load time counts as loaded at its own time.
final as (
    select
        changed.conversation_number,
        events.event_id,
        events.event_type,
        events.boundary,
        events.actor_type,
        events.occurred_at,
        events.reason,
        events.loaded_at,
        events.unreadable_occurred_at,
        events.unreadable_loaded_at,
        events.id_finding,
        coalesce(events.loaded_at, events.occurred_at) as known_at,
        events.reject_reason,
        events.row_hash
    from {{ ref('int_mapped_events') }} as events
    inner join changed
        on
            events.source = changed.source
            and coalesce(events.conversation_id, '') = changed.conversation_id
    where {{ may_be_changed('events.conversation_id') }}
)

select * from final
