with

parts as (
    select
        parts.*,
        lower(trim(parts.part_type)) as part_word,
        lower(trim(parts.assigned_to_type)) as assigned_to,
        case
            when coalesce(trim(parts.author_type), '') <> '' then lower(trim(parts.author_type))
            when contacts.contact_id is not null then 'user'
            -- Deleted, and not a contact: an agent.
            else 'admin'
        end as author_role
    from {{ source('intercom', 'conversation_part_history') }} as parts
    left join {{ ref('stg_intercom__contacts') }} as contacts
        on parts.author_id = contacts.contact_id
    where {{ boolean('parts._fivetran_active', 'true') }} is not false
),

-- An assignment to people takes a conversation from the bot; one to nobody or to a bot is not a handoff. Some landings
-- do not say to whom; then the assignment is to people.
named_parts as (
    select
        parts.*,
        part_types.is_assignment,
        case
            when parts.part_word = 'close' and merged.conversation_id is not null then 'close_by_merge'
            when
                part_types.is_assignment
                and (parts.assigned_to like 'nobody%' or parts.assigned_to in ('unassigned', 'bot'))
                then 'unassigned'
            when part_types.is_assignment then concat_ws('_by_', parts.part_word, parts.author_role)
            else parts.part_word
        end as event_type
    from parts
    left join {{ ref('intercom_part_types') }} as part_types
        on parts.part_word = part_types.part_type
    left join {{ ref('stg_intercom__merges') }} as merged
        on
            parts.conversation_id = merged.conversation_id
            and {{ utc_timestamp('parts.created_at') }} between
            merged.merged_at - interval 5 second and merged.merged_at + interval 5 second
    -- A part that is only a message is not an event.
    where coalesce(part_types.message, 'with text') not in ('public', 'internal')
),

final as (
    select
        lpad(named_parts.id, 20, '0') as event_id,
        named_parts.conversation_id,
        named_parts.event_type,
        -- A reply assigns the conversation to its author, and comes after that assignment.
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
