with

usable_rows as (
    select * from {{ ref('int_changed_conversation_rows') }}
    where reject_reason is null
),

-- Looked up in the narrow keys first: few ids come more than once, and only their rows are worth sorting.
repeated_ids as (
    select
        conversation_number,
        count(*) as row_count
    from {{ ref('int_changed_conversation_rows') }}
    where reject_reason is null
    group by conversation_number
    having count(*) > 1
),

repeated_rows as (
    select
        usable_rows.*,
        repeated_ids.row_count
    from usable_rows
    inner join repeated_ids
        on usable_rows.conversation_number = repeated_ids.conversation_number
),

-- The row loaded last counts, then the one with the greatest content: never the order of the files.
final as (
    select * from repeated_rows
    qualify row_number() over (
        partition by conversation_number
        order by
            known_at desc nulls last,
            channel desc nulls last,
            brand desc nulls last,
            customer_id desc nulls last,
            created_at desc nulls last,
            exclusion_reason desc nulls last,
            loaded_at desc nulls last
    ) = 1
)

select
    conversation_number,
    channel,
    brand,
    customer_id,
    created_at,
    exclusion_reason,
    has_channel_policy,
    timeout_us,
    row_count
from final
