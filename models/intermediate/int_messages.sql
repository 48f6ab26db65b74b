{{ config(materialized='view') }}

with

usable_rows as (
    select * from {{ ref('stg_messages') }}
    where reject_reason is null
),

repeated_messages as (
    select * from {{ ref('int_repeated_messages') }}
),

unrepeated_messages as (
    select
        usable_rows.source,
        usable_rows.conversation_id,
        usable_rows.message_id,
        usable_rows.author_type,
        usable_rows.author_id,
        usable_rows.is_public,
        usable_rows.sent_at,
        usable_rows.topic,
        coalesce(usable_rows.loaded_at, usable_rows.sent_at) as known_at
    from usable_rows
    left join repeated_messages
        on
            usable_rows.source = repeated_messages.source
            and usable_rows.conversation_id = repeated_messages.conversation_id
            and usable_rows.message_id = repeated_messages.message_id
    where repeated_messages.message_id is null
),

final as (
    select * from unrepeated_messages
    union all
    select
        source,
        conversation_id,
        message_id,
        author_type,
        author_id,
        is_public,
        sent_at,
        topic,
        known_at
    from repeated_messages
)

select * from final
