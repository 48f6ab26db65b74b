with

-- An inbox has a bot if one is active in it now; Chatwoot keeps no history of its bots.
bot_inboxes as (
    select inbox_id
    from (
        select *
        from {{ source('chatwoot', 'chatwoot_agent_bot_inboxes') }}
        qualify row_number() over (partition by id order by loaded_at desc nulls last, updated_at desc nulls last) = 1
    )
    where coalesce(status, 0) = 0

    union

    select inbox_id from {{ source('chatwoot', 'chatwoot_captain_inboxes') }}
),

bot_conversations as (
    select distinct cast(id as varchar) as conversation_id
    from {{ source('chatwoot', 'chatwoot_conversations') }}
    where inbox_id in (select bot_inboxes.inbox_id from bot_inboxes)
),

-- Chatwoot writes conversation_bot_handoff once per conversation, and nothing at all when a customer comes back to the
-- bot. A later handoff shows as an opening of a conversation that the bot had. No other opening is a handoff.
openings_from_bot as (
    select steps.event_id
    from {{ ref('stg_chatwoot__steps') }} as steps
    left join bot_conversations
        on steps.conversation_id = bot_conversations.conversation_id
    where
        steps.step = 'opened'
        and case
            when steps.is_first_status then true
            when steps.is_bot_since then true
            -- The customer's message gave the conversation to the bot, which handed it on without a message.
            when steps.is_after_resolution and steps.is_customer_since
                then bot_conversations.conversation_id is not null
            else false
        end
),

final as (
    select
        {{ chatwoot_number('events.id') }} as event_id,
        cast(events.conversation_id as varchar) as conversation_id,
        case
            when events.name = 'conversation_opened' and openings_from_bot.event_id is not null
                then 'conversation_opened_from_bot'
            else events.name
        end as event_type,
        -- A job writes the row itself later.
        coalesce({{ utc_timestamp('events.event_end_time') }}, {{ utc_timestamp('events.created_at') }}) as occurred_at,
        case
            when events.name in (
                'conversation_bot_handoff', 'conversation_captain_inference_handoff',
                'conversation_captain_inference_resolved'
            ) then 'bot'
        end as actor_type,
        cast(null as varchar) as reason,
        coalesce({{ utc_timestamp('events.loaded_at') }}, {{ utc_timestamp('events.updated_at') }}) as loaded_at
    from {{ source('chatwoot', 'chatwoot_reporting_events') }} as events
    left join openings_from_bot
        on {{ chatwoot_number('events.id') }} = openings_from_bot.event_id
)

select * from final
