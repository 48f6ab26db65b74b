with

bots as (
    select user_id
    from {{ ref('zendesk_authors') }}
    where author_type = 'bot' and user_id <> '*'
),

field_changes as (
    select
        concat_ws(' ', changes.field_name, changes.value, changes.updated) as event_id,
        changes.ticket_id as conversation_id,
        case
            -- The merge closes the ticket, which settles nothing, and assigns an unassigned one to the merging agent.
            when merged.ticket_id is not null and changes.field_name = 'assignee_id' then 'assigned_by_merge'
            when merged.ticket_id is not null and lower(changes.value) in ('solved', 'closed')
                then concat('status_', lower(changes.value), '_by_merge')
            when changes.field_name = 'status' then concat('status_', lower(changes.value))
            when changes.field_name = 'group_id' then 'group_changed'
            when coalesce(changes.value, '') in ('', '0') then 'unassigned'
            when bots.user_id is not null then 'assigned_to_bot'
            else 'assigned_to_agent'
        end as event_type,
        changes.updated as occurred_at,
        case
            when bots_at_work.user_id is not null then 'bot'
            when changes.user_id = '-1' then 'system'
            when changes.user_id = tickets.requester_id then 'customer'
            when people.user_role = 'end-user' then 'customer'
            when people.user_role in ('agent', 'admin') then 'agent'
            -- Deleted, and not the requester: an agent.
            when people.user_id is null and changes.user_id <> '' then 'agent'
        end as actor_type,
        changes._fivetran_synced as loaded_at
    from {{ source('zendesk', 'ticket_field_history') }} as changes
    left join bots
        on changes.value = bots.user_id
    left join bots as bots_at_work
        on changes.user_id = bots_at_work.user_id
    left join {{ ref('stg_zendesk__people') }} as people
        on changes.user_id = people.user_id
    left join {{ source('zendesk', 'ticket') }} as tickets
        on changes.ticket_id = tickets.id
    left join {{ ref('stg_zendesk__merges') }} as merged
        on
            changes.ticket_id = merged.ticket_id
            and {{ utc_timestamp('changes.updated') }} >= merged.merged_at
    where changes.field_name in ('status', 'assignee_id', 'group_id')
),

chat_events as (
    select
        concat_ws(' ', type, chat_event_id) as event_id,
        conversation_id,
        case
            when type = 'ChatJoin' and author_type = 'agent' then 'chat_agent_joined'
            when type = 'ChatDepartmentTransfer' then 'chat_department_transferred'
            else lower(type)
        end as event_type,
        created_at as occurred_at,
        case when author_type in ('customer', 'bot', 'agent', 'system') then author_type end as actor_type,
        loaded_at
    from {{ ref('stg_zendesk__chat_events') }}
    where type not in ('ChatMessage', 'ChatFileAttachment')
),

events as (
    select * from field_changes
    union all
    select * from chat_events
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
    from events
)

select * from final
