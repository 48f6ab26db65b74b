with

answers as (
    select distinct
        message_id,
        conversation_id,
        author_type,
        {{ utc_timestamp('sent_at') }} as sent_at
    from {{ ref('stg_reamaze__messages') }}
    where is_public and author_type in ('bot', 'agent')
),

status_events as (
    select
        changes.conversation_id,
        case
            -- A reply of the team resolves by itself unless it is told not to: that it was sent is all this says.
            when
                changes.status = 'resolved' and exists (
                    select 1
                    from answers
                    where
                        answers.conversation_id = changes.conversation_id
                        and answers.author_type = 'agent'
                        and changes.changed_at between answers.sent_at and answers.sent_at + interval 5 second
                )
                then 'resolved_by_reply'
            when changes.status_before = 'chatbot_assigned' and changes.status in ('unresolved', 'pending')
                then case when changes.is_assigned then 'chatbot_handed_off' else 'chatbot_released' end
            else changes.status
        end as event_type,
        changes.changed_at as occurred_at,
        changes.actor_type,
        changes.loaded_at
    from {{ ref('stg_reamaze__status_changes') }} as changes
    where changes.status is not null
),

answers_with_answer_before as (
    select
        *,
        lag(author_type) over by_time as author_before,
        lag(sent_at) over by_time as sent_before
    from answers
    window by_time as (
        partition by conversation_id
        order by sent_at, message_id
    )
),

-- Between two looks a status can come and go. That a person answers after the bot shows in the messages as well.
takeovers as (
    select
        replies.message_id,
        replies.conversation_id,
        replies.sent_at
    from answers_with_answer_before as replies
    where
        replies.author_type = 'agent'
        and replies.author_before = 'bot'
        and not exists (
            select 1
            from status_events
            where
                status_events.conversation_id = replies.conversation_id
                and status_events.event_type in (
                    'chatbot_handed_off', 'chatbot_released', 'resolved', 'auto_resolved', 'chatbot_resolved'
                )
                and status_events.occurred_at between replies.sent_before and replies.sent_at
        )
),

final as (
    select
        concat_ws(' ', conversation_id, event_type, occurred_at) as event_id,
        conversation_id,
        event_type,
        occurred_at,
        actor_type,
        cast(null as varchar) as reason,
        loaded_at
    from status_events

    union all

    select
        concat('takeover ', message_id) as event_id,
        conversation_id,
        'agent_takeover' as event_type,
        -- Just before the reply, so that the reply belongs to what follows the escalation.
        sent_at - interval 1 microsecond as occurred_at,
        'agent' as actor_type,
        cast(null as varchar) as reason,
        cast(null as timestamp) as loaded_at
    from takeovers
)

select * from final
