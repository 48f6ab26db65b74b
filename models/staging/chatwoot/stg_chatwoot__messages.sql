with

-- Chatwoot encodes content_attributes twice: a JSON string that holds the object as text. Other writers store the
-- object itself. A value that is not JSON is ignored.
read_content_attributes as (
    select
        *,
        case
            when json_type(try_cast(content_attributes as json)) = 'VARCHAR'
                then try_cast(json_extract_string(content_attributes, '$') as json)
            else try_cast(content_attributes as json)
        end as content_json
    from {{ source('chatwoot', 'chatwoot_messages') }}
),

read_marks as (
    select
        *,
        coalesce(nullif(sender_type, ''), 'none') as sender_kind,
        json_extract_string(content_json, '$.automation_rule_id') is not null
        or json_extract_string(try_cast(additional_attributes as json), '$.campaign_id') is not null as is_automatic,
        coalesce(json_extract_string(content_json, '$.external_echo') = 'true', false) as is_echo
    from read_content_attributes
),

final as (
    select
        {{ chatwoot_number('messages.id') }} as message_id,
        cast(messages.conversation_id as varchar) as conversation_id,
        case
            -- A rule or a campaign writes under a person's name.
            when messages.message_type = 1 and messages.is_automatic then 'system'
            -- A person wrote it in the messenger's own app; Chatwoot only repeats it.
            when messages.message_type = 1 and messages.is_echo then 'agent'
            -- Without a row in the lookup, the words themselves stay, so that the message is rejected and can be found.
            else coalesce(
                by_sender.author_type,
                by_sender_type.author_type,
                by_message_type.author_type,
                concat_ws(' ', 'message type', messages.message_type, 'by', messages.sender_kind)
            )
        end as author_type,
        case
            when messages.sender_kind = 'Contact' then cast(messages.sender_id as varchar)
            when messages.sender_kind <> 'none' then concat_ws(' ', messages.sender_kind, messages.sender_id)
        end as author_id,
        -- An unreadable value stays as it is, so that the message is rejected: it may be a note.
        case
            when {{ boolean('messages.private', 'false') }} is null then cast(messages.private as varchar)
            else cast(not {{ boolean('messages.private', 'false') }} as varchar)
        end as is_public,
        messages.created_at as sent_at,
        cast(null as varchar) as topic,
        coalesce({{ utc_timestamp('messages.loaded_at') }}, {{ utc_timestamp('messages.updated_at') }}) as loaded_at,
        cast(null as varchar) as attributes
    from read_marks as messages
    left join {{ ref('chatwoot_authors') }} as by_sender
        on
            cast(messages.message_type as varchar) = by_sender.message_type
            and messages.sender_kind = by_sender.sender_type
            and cast(messages.sender_id as varchar) = by_sender.sender_id
    left join {{ ref('chatwoot_authors') }} as by_sender_type
        on
            cast(messages.message_type as varchar) = by_sender_type.message_type
            and messages.sender_kind = by_sender_type.sender_type
            and by_sender_type.sender_id = '*'
    left join {{ ref('chatwoot_authors') }} as by_message_type
        on
            cast(messages.message_type as varchar) = by_message_type.message_type
            and by_message_type.sender_type = '*'
            and by_message_type.sender_id = '*'
)

select * from final
