with

-- Rasa runs many actions between two messages; only those that say something about the conversation are in the lookup.
final as (
    select
        lpad(cast(events.id as varchar), 20, '0') as event_id,
        events.sender_id as conversation_id,
        coalesce(actions.event_type, events.type_name) as event_type,
        {{ rasa_time('events.timestamp') }} as occurred_at,
        'bot' as actor_type,
        case when actions.event_type is not null then events.action_name end as reason,
        events.loaded_at
    from {{ source('rasa', 'events') }} as events
    left join {{ ref('rasa_actions') }} as actions
        on
            events.type_name = 'action'
            and events.action_name = actions.action_name
    where
        actions.action_name is not null
        or events.type_name in ('pause', 'resume', 'restart', 'session_started', 'rewind', 'undo')
        or events.type_name like 'flow%'
)

select * from final
