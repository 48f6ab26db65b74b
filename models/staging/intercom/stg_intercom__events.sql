with

parts as (
    select
        *,
        lower(trim(part_type)) as part_word,
        lower(trim(author_type)) as author_role
    from {{ source('intercom', 'conversation_part_history') }}
    where {{ boolean('_fivetran_active', 'true') }} is not false
),

-- Whoever assigns a conversation to people takes it from the bot; that nobody has it any more is no handoff.
named_parts as (
    select
        parts.*,
        part_types.is_assignment,
        case
            when part_types.is_assignment and coalesce(parts.assigned_to_type, '') not in ('admin', 'team')
                then 'unassigned'
            when part_types.is_assignment then concat_ws('_by_', parts.part_word, parts.author_role)
            else parts.part_word
        end as event_type
    from parts
    left join {{ ref('intercom_part_types') }} as part_types
        on parts.part_word = part_types.part_type
    -- What is nothing but a message is no event.
    where coalesce(part_types.message, 'with text') not in ('public', 'internal')
),

final as (
    select
        lpad(named_parts.id, 20, '0') as event_id,
        named_parts.conversation_id,
        named_parts.event_type,
        -- A reply assigns the conversation to who writes it: the reply comes after that.
        case
            when named_parts.is_assignment and named_parts.has_text
                then coalesce(
                    cast({{ utc_timestamp('named_parts.created_at') }} - interval 1 microsecond as varchar),
                    cast(named_parts.created_at as varchar)
                )
            else cast(named_parts.created_at as varchar)
        end as occurred_at,
        coalesce(by_id.author_type, by_role.author_type) as actor_type,
        cast(null as varchar) as reason,
        named_parts._fivetran_synced as loaded_at
    from named_parts
    left join {{ ref('intercom_authors') }} as by_id
        on
            named_parts.author_role = by_id.author_role
            and named_parts.author_id = by_id.author_id
    left join {{ ref('intercom_authors') }} as by_role
        on
            named_parts.author_role = by_role.author_role
            and by_role.author_id = '*'
)

select * from final
