with

changed as (
    select * from {{ ref('int_changed_conversations') }}
),

conversation_rows as (
    select * from {{ ref('int_deduplicated_conversations') }}
),

policies as (
    select * from {{ ref('channel_policies') }}
),

-- A message or event counts even if its conversation row is missing.
known_numbers as (
    select conversation_number from conversation_rows
    union
    select conversation_number from {{ ref('int_deduplicated_messages') }}
    union
    select conversation_number from {{ ref('int_deduplicated_events') }}
),

final as (
    select
        known_numbers.conversation_number,
        changed.source,
        changed.conversation_id,
        coalesce(conversation_rows.channel, 'unknown') as channel,
        coalesce(conversation_rows.brand, 'unknown') as brand,
        conversation_rows.customer_id,
        conversation_rows.created_at,
        conversation_rows.exclusion_reason,
        conversation_rows.conversation_number is null as is_orphan,
        coalesce(conversation_rows.has_channel_policy, false) as has_channel_policy,
        coalesce(conversation_rows.timeout_us, 60000000 * cast(any_policy.timeout_minutes as bigint)) as timeout_us
    from known_numbers
    inner join changed
        on known_numbers.conversation_number = changed.conversation_number
    left join conversation_rows
        on known_numbers.conversation_number = conversation_rows.conversation_number
    left join policies as any_policy
        on any_policy.channel = '*'
)

select * from final
