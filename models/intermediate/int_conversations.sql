with

conversation_rows as (
    select * from {{ ref('int_conversation_rows') }}
),

policies as (
    select * from {{ ref('channel_policies') }}
),

-- A message or event whose conversation row is missing still counts.
known_ids as (
    select
        source,
        conversation_id
    from conversation_rows
    union
    select
        source,
        conversation_id
    from {{ ref('int_messages') }}
    union
    select
        source,
        conversation_id
    from {{ ref('int_events') }}
),

described as (
    select
        known_ids.source,
        known_ids.conversation_id,
        coalesce(conversation_rows.channel, 'unknown') as channel,
        coalesce(conversation_rows.brand, 'unknown') as brand,
        conversation_rows.customer_id,
        conversation_rows.created_at,
        conversation_rows.exclusion_reason,
        conversation_rows.conversation_id is null as is_orphan
    from known_ids
    left join conversation_rows
        on
            known_ids.source = conversation_rows.source
            and known_ids.conversation_id = conversation_rows.conversation_id
),

-- The number is only a narrow key for the windows and joins of one build; nothing published carries it.
numbered as (
    select
        *,
        row_number() over (order by source, conversation_id) as conversation_number
    from described
),

final as (
    select
        numbered.*,
        own_policy.channel is not null as has_channel_policy,
        60000000 * cast(coalesce(own_policy.timeout_minutes, any_policy.timeout_minutes) as bigint) as timeout_us
    from numbered
    left join policies as own_policy
        on numbered.channel = own_policy.channel
    left join policies as any_policy
        on any_policy.channel = '*'
)

select * from final
