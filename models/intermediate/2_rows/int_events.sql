{{ config(materialized='view') }}

with

usable_rows as (
    select * from {{ ref('int_changed_events') }}
    where reject_reason is null
),

repeated_events as (
    select * from {{ ref('int_repeated_events') }}
),

unrepeated_events as (
    select
        usable_rows.conversation_number,
        usable_rows.event_id,
        usable_rows.event_type,
        usable_rows.boundary,
        usable_rows.actor_type,
        usable_rows.occurred_at,
        usable_rows.reason
    from usable_rows
    left join repeated_events
        on
            usable_rows.conversation_number = repeated_events.conversation_number
            and usable_rows.event_id = repeated_events.event_id
    where repeated_events.conversation_number is null
),

final as (
    select * from unrepeated_events
    union all
    select
        conversation_number,
        event_id,
        event_type,
        boundary,
        actor_type,
        occurred_at,
        reason
    from repeated_events
)

select * from final
