with

replies as (
    select
        conversation_id,
        {{ utc_timestamp('sent_at') }} as sent_at
    from {{ ref('stg_reamaze__messages') }}
    where is_public and author_type = 'agent'
),

named_changes as (
    select
        changes.conversation_id,
        case
            -- An agent's reply resolves the conversation unless told not to, so this only says that a reply was sent.
            when
                changes.status = 'resolved' and exists (
                    select 1
                    from replies
                    where
                        replies.conversation_id = changes.conversation_id
                        and changes.changed_at between replies.sent_at and replies.sent_at + interval 5 second
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

final as (
    select
        concat_ws(' ', conversation_id, event_type, occurred_at) as event_id,
        conversation_id,
        event_type,
        occurred_at,
        actor_type,
        cast(null as varchar) as reason,
        loaded_at
    from named_changes
)

select * from final
