{{ config(materialized='view') }}

with

usable_rows as (
    select * from {{ ref('stg_events') }}
    where reject_reason is null
),

repeated_events as (
    select * from {{ ref('int_repeated_events') }}
),

unrepeated_events as (
    select
        usable_rows.source,
        usable_rows.conversation_id,
        usable_rows.event_id,
        usable_rows.event_type,
        usable_rows.actor_type,
        usable_rows.occurred_at,
        usable_rows.reason,
        coalesce(usable_rows.loaded_at, usable_rows.occurred_at) as known_at
    from usable_rows
    left join repeated_events
        on
            usable_rows.source = repeated_events.source
            and usable_rows.conversation_id = repeated_events.conversation_id
            and usable_rows.event_id = repeated_events.event_id
    where repeated_events.event_id is null
),

final as (
    select * from unrepeated_events
    union all
    select
        source,
        conversation_id,
        event_id,
        event_type,
        actor_type,
        occurred_at,
        reason,
        known_at
    from repeated_events
)

select * from final
