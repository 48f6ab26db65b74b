{{ config(materialized='view') }}

with

usable_rows as (
    select * from {{ ref('int_changed_messages') }}
    where reject_reason is null
),

repeated_messages as (
    select * from {{ ref('int_repeated_messages') }}
),

unrepeated_messages as (
    select
        usable_rows.conversation_number,
        usable_rows.message_id,
        usable_rows.author_type,
        usable_rows.author_id,
        usable_rows.is_public,
        usable_rows.sent_at,
        usable_rows.topic
    from usable_rows
    left join repeated_messages
        on
            usable_rows.conversation_number = repeated_messages.conversation_number
            and usable_rows.message_id = repeated_messages.message_id
    where repeated_messages.conversation_number is null
),

final as (
    select * from unrepeated_messages
    union all
    select
        conversation_number,
        message_id,
        author_type,
        author_id,
        is_public,
        sent_at,
        topic
    from repeated_messages
)

select * from final
