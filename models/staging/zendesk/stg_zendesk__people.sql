with

-- Zendesk says what a user is today. Other traces show that somebody who left was an agent.
team_traces as (
    select value as user_id
    from {{ source('zendesk', 'ticket_field_history') }}
    where field_name = 'assignee_id'

    union all

    -- Customers can solve tickets, too, but only their own.
    select changes.user_id
    from {{ source('zendesk', 'ticket_field_history') }} as changes
    inner join {{ source('zendesk', 'ticket') }} as tickets
        on changes.ticket_id = tickets.id
    where
        changes.field_name = 'status'
        and lower(changes.value) = 'solved'
        and changes.user_id <> tickets.requester_id

    union all

    select regexp_replace(actor_id, '^agent:', '') as user_id
    from {{ source('zendesk', 'ticket_chat_event') }}
    where actor_id like 'agent:_%'
),

team as (
    select distinct user_id
    from team_traces
    -- No assignee, and Zendesk itself.
    where user_id not in ('', '0', '-1')
),

-- A user in the lookup is what it says, whatever became of the account.
listed as (
    select
        user_id,
        min(author_role) as author_role
    from {{ ref('zendesk_authors') }}
    where author_role in ('end-user', 'agent', 'admin') and user_id <> '*'
    group by user_id
),

final as (
    select
        coalesce(zendesk_users.id, team.user_id, listed.user_id) as user_id,
        case
            when listed.author_role is not null then listed.author_role
            when zendesk_users.user_role in ('agent', 'admin') then zendesk_users.user_role
            when team.user_id is not null then 'agent'
            else zendesk_users.user_role
        end as user_role
    from {{ source('zendesk', 'user') }} as zendesk_users
    full outer join team
        on zendesk_users.id = team.user_id
    full outer join listed
        on coalesce(zendesk_users.id, team.user_id) = listed.user_id
)

select * from final
