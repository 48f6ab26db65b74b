with

-- The tracker store has no table of conversations: the first user message gives the channel.
conversations as (
    select
        sender_id,
        min_by(nullif(trim(input_channel), ''), id) as input_channel,
        min({{ rasa_time('timestamp') }}) as created_at,
        max({{ utc_timestamp('loaded_at') }}) as loaded_at
    from {{ source('rasa', 'events') }}
    group by sender_id
),

final as (
    select
        conversations.sender_id as conversation_id,
        coalesce(channels.channel, conversations.input_channel) as channel,
        cast(null as varchar) as brand,
        conversations.sender_id as customer_id,
        conversations.created_at,
        nullif(channels.exclusion_reason, '') as exclusion_reason,
        conversations.loaded_at,
        cast(null as varchar) as attributes
    from conversations
    left join {{ ref('rasa_channels') }} as channels
        on lower(conversations.input_channel) = channels.input_channel
)

select * from final
