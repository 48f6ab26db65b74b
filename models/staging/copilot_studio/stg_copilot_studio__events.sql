with

-- The vendor's verdict on each of its sessions.
session_ends as (
    select
        activity_id as event_id,
        conversation_id,
        concat('session_', lower(session_outcome), case when is_implied_success then '_implied' end) as event_type,
        coalesce(session_ended_at, happened_at) as occurred_at,
        cast(null as varchar) as actor_type,
        loaded_at
    from {{ ref('stg_copilot_studio__activities') }}
    where value_type = 'SessionInfo'
),

-- Of all else that happens, what seeds/event_types.csv names.
named_events as (
    select
        activities.activity_id as event_id,
        activities.conversation_id,
        activities.activity_name as event_type,
        activities.happened_at as occurred_at,
        case authors.author_type
            when 'bot' then 'bot'
            when 'customer' then 'customer'
        end as actor_type,
        activities.loaded_at
    from {{ ref('stg_copilot_studio__activities') }} as activities
    left join {{ ref('copilot_studio_authors') }} as authors
        on activities.author_role = authors.role
    where
        activities.activity_type = 'event'
        and lower(activities.activity_name) in (
            select event_types.event_type
            from {{ ref('event_types') }} as event_types
            where event_types.source = 'copilot_studio'
        )
),

final as (
    select
        event_id,
        conversation_id,
        event_type,
        occurred_at,
        actor_type,
        cast(null as varchar) as reason,
        loaded_at
    from session_ends

    union all

    select
        event_id,
        conversation_id,
        event_type,
        occurred_at,
        actor_type,
        cast(null as varchar) as reason,
        loaded_at
    from named_events
)

select * from final
