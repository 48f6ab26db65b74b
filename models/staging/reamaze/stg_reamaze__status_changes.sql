with

looks as (
    select
        conversations.slug as conversation_id,
        statuses.name as status,
        statuses.actor_type,
        coalesce(conversations.is_assigned, false) as is_assigned,
        {{ utc_timestamp('conversations.updated_at') }} as updated_at,
        coalesce({{ utc_timestamp('conversations.loaded_at') }}, {{ utc_timestamp('conversations.updated_at') }})
            as loaded_at
    from {{ source('reamaze', 'reamaze_conversations') }} as conversations
    left join {{ ref('reamaze_statuses') }} as statuses
        on cast(conversations.status as varchar) = statuses.status
),

looks_with_status_before as (
    select
        *,
        lag(status) over (
            partition by conversation_id
            order by loaded_at, updated_at
        ) as status_before
    from looks
),

-- updated_at dates the change. Anything may move it, so the first look that shows the new status is nearest.
final as (
    select
        conversation_id,
        status,
        status_before,
        actor_type,
        is_assigned,
        updated_at as changed_at,
        loaded_at
    from looks_with_status_before
    where status is distinct from status_before
)

select * from final
