with

-- A row without a load time counts as loaded at its own time.
usable_rows as (
    select
        *,
        coalesce(loaded_at, sent_at) as known_at
    from {{ ref('stg_messages') }}
    where reject_reason is null
),

-- Looked up in the narrow keys first: few ids come more than once, and only their rows are worth sorting.
repeated_ids as (
    select
        source,
        conversation_id,
        message_id,
        count(*) as row_count
    from {{ ref('stg_messages') }}
    where reject_reason is null
    group by source, conversation_id, message_id
    having count(*) > 1
),

repeated_rows as (
    select
        usable_rows.*,
        repeated_ids.row_count
    from usable_rows
    inner join repeated_ids
        on
            usable_rows.source = repeated_ids.source
            and usable_rows.conversation_id = repeated_ids.conversation_id
            and usable_rows.message_id = repeated_ids.message_id
),

-- The row loaded last counts, then the one with the greatest content: never the order of the files.
final as (
    select * from repeated_rows
    qualify row_number() over (
        partition by source, conversation_id, message_id
        order by
            known_at desc nulls last,
            sent_at desc nulls last,
            author_type desc nulls last,
            author_id desc nulls last,
            is_public desc nulls last,
            topic desc nulls last,
            loaded_at desc nulls last
    ) = 1
)

select
    source,
    conversation_id,
    message_id,
    author_type,
    author_id,
    is_public,
    sent_at,
    topic,
    known_at,
    row_count
from final
