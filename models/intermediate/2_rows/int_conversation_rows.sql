{{ config(materialized='view') }}

with

usable_rows as (
    select * from {{ ref('int_changed_conversation_rows') }}
    where reject_reason is null
),

repeated_conversations as (
    select * from {{ ref('int_repeated_conversations') }}
),

unrepeated_conversations as (
    select
        usable_rows.conversation_number,
        usable_rows.channel,
        usable_rows.brand,
        usable_rows.customer_id,
        usable_rows.created_at,
        usable_rows.exclusion_reason,
        usable_rows.has_channel_policy,
        usable_rows.timeout_us
    from usable_rows
    left join repeated_conversations
        on usable_rows.conversation_number = repeated_conversations.conversation_number
    where repeated_conversations.conversation_number is null
),

final as (
    select * from unrepeated_conversations
    union all
    select
        conversation_number,
        channel,
        brand,
        customer_id,
        created_at,
        exclusion_reason,
        has_channel_policy,
        timeout_us
    from repeated_conversations
)

select * from final
