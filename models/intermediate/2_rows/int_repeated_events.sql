with

usable_rows as (
    select * from {{ ref('int_changed_events') }}
    where reject_reason is null
),

-- Looked up in the narrow keys first: few ids come more than once, and only their rows are worth sorting.
repeated_ids as (
    select
        conversation_number,
        event_id,
        count(*) as row_count
    from {{ ref('int_changed_events') }}
    where reject_reason is null
    group by conversation_number, event_id
    having count(*) > 1
),

repeated_rows as (
    select
        usable_rows.*,
        repeated_ids.row_count
    from usable_rows
    inner join repeated_ids
        on
            usable_rows.conversation_number = repeated_ids.conversation_number
            and usable_rows.event_id = repeated_ids.event_id
),

-- The row loaded last counts, then the one with the greatest content: never the order of the files.
final as (
    select * from repeated_rows
    qualify row_number() over (
        partition by conversation_number, event_id
        order by
            known_at desc nulls last,
            occurred_at desc nulls last,
            event_type desc nulls last,
            actor_type desc nulls last,
            reason desc nulls last,
            loaded_at desc nulls last
    ) = 1
)

select
    conversation_number,
    event_id,
    event_type,
    boundary,
    actor_type,
    occurred_at,
    reason,
    row_count
from final
