{{ config(materialized='kept') }}

with

sessions as (
    select
        segment_keys.conversation_number,
        segment_keys.segment_number,
        segment_keys.session_id,
        conversations.source,
        conversations.conversation_id
    from {{ ref('int_segment_keys') }} as segment_keys
    inner join {{ ref('int_conversations') }} as conversations
        on segment_keys.conversation_number = conversations.conversation_number
    where segment_keys.segment_kind = 'session'
),

conversation_rows as (
    select
        conversation_number,
        attributes
    from {{ ref('int_deduplicated_conversations') }}
    where attributes is not null
),

of_conversations as (
    {% for name in var('attributes') %}
        select
            conversation_number,
            '{{ name }}' as attribute,
            {{ each_text('attributes', name) }} as value
        from conversation_rows
        union all
    {% endfor %}
    -- The columns exist even if no attribute is asked for.
    select
        conversation_number,
        cast(null as {{ dbt.type_string() }}) as attribute,
        cast(null as {{ dbt.type_string() }}) as value
    from conversation_rows
    where false
),

of_messages as (
    select * from {{ ref('int_message_attributes') }}
),

-- The value of a message is nearer to the session than that of the conversation.
final as (
    select
        sessions.source,
        sessions.conversation_id,
        sessions.session_id,
        of_messages.attribute,
        of_messages.value
    from of_messages
    inner join sessions
        on
            of_messages.conversation_number = sessions.conversation_number
            and of_messages.segment_number = sessions.segment_number
    union all
    select
        sessions.source,
        sessions.conversation_id,
        sessions.session_id,
        of_conversations.attribute,
        of_conversations.value
    from of_conversations
    inner join sessions
        on of_conversations.conversation_number = sessions.conversation_number
    left join of_messages
        on
            sessions.conversation_number = of_messages.conversation_number
            and sessions.segment_number = of_messages.segment_number
            and of_conversations.attribute = of_messages.attribute
    where of_messages.attribute is null
)

select * from final
