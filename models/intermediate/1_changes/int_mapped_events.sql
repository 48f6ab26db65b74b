{{ config(materialized='replaced_view') }}

with

events as (
    select * from {{ ref('stg_events') }}
),

event_types as (
    select * from {{ ref('event_types') }}
),

-- A row for the source wins over the row for `*`.
final as (
    select
        events.source,
        events.event_id,
        events.conversation_id,
        events.event_type,
        events.actor_type,
        events.occurred_at,
        events.reason,
        events.loaded_at,
        events.unreadable_occurred_at,
        events.unreadable_loaded_at,
        events.id_finding,
        events.row_hash,
        events.reject_reason,
        coalesce(own_type.boundary, any_type.boundary) as boundary
    from events
    left join event_types as own_type
        on
            events.source = own_type.source
            and events.event_type = own_type.event_type
    left join event_types as any_type
        on
            any_type.source = '*'
            and events.event_type = any_type.event_type
)

select * from final
