{{ config(materialized='view') }}

with

usable_rows as (
    select * from {{ ref('stg_conversations') }}
    where reject_reason is null
),

repeated_conversations as (
    select * from {{ ref('int_repeated_conversations') }}
),

unrepeated_conversations as (
    select
        usable_rows.source,
        usable_rows.conversation_id,
        usable_rows.channel,
        usable_rows.brand,
        usable_rows.customer_id,
        usable_rows.created_at,
        usable_rows.exclusion_reason,
        coalesce(usable_rows.loaded_at, usable_rows.created_at) as known_at
    from usable_rows
    left join repeated_conversations
        on
            usable_rows.source = repeated_conversations.source
            and usable_rows.conversation_id = repeated_conversations.conversation_id
    where repeated_conversations.conversation_id is null
),

final as (
    select * from unrepeated_conversations
    union all
    select
        source,
        conversation_id,
        channel,
        brand,
        customer_id,
        created_at,
        exclusion_reason,
        known_at
    from repeated_conversations
)

select * from final
