with

conversation_starts as (
    select distinct
        conversation_id,
        activity_id
    from {{ ref('stg_copilot_studio__activities') }}
    where activity_type = 'event' and activity_name = 'startConversation'
),

messages as (
    select
        activities.*,
        conversation_starts.activity_id is not null as is_greeting
    from {{ ref('stg_copilot_studio__activities') }} as activities
    left join conversation_starts
        on
            activities.conversation_id = conversation_starts.conversation_id
            and activities.reply_to_id = conversation_starts.activity_id
    where activities.activity_type = 'message' or activities.is_unreadable
),

first_greetings as (
    select
        *,
        first_value(case when is_greeting then activity_id end ignore nulls) over (
            partition by conversation_id
            order by happened_at, transcript_id, activity_number
            rows between unbounded preceding and unbounded following
        ) as first_greeting_id
    from messages
),

final as (
    select
        messages.activity_id as message_id,
        messages.conversation_id,
        case
            -- This word makes staging reject the row: nobody knows who wrote what.
            when messages.is_unreadable then 'unreadable content'
            -- The bot greets again whenever the page is opened: nobody has said anything.
            when messages.is_greeting and messages.activity_id <> messages.first_greeting_id then 'system'
            -- Without a row in the lookup, the role itself stays, so that the message is rejected and can be found.
            else coalesce(authors.author_type, concat_ws(' ', 'role', messages.author_role))
        end as author_type,
        case
            when authors.author_type = 'bot' then messages.bot_name
            else messages.author_id
        end as author_id,
        cast(null as boolean) as is_public,
        messages.happened_at as sent_at,
        cast(null as varchar) as topic,
        messages.loaded_at,
        cast(null as varchar) as attributes
    from first_greetings as messages
    left join {{ ref('copilot_studio_authors') }} as authors
        on messages.author_role = authors.role
)

select * from final
