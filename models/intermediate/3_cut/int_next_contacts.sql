with

segments as (
    select * from {{ ref('int_changed_customer_segments') }}
),

-- Each customer's contacts in the order of their starts, numbered from 1. Rule 8 says which comes first at one time.
contact_numbered as (
    select
        customer_key,
        contact_kind,
        started_us,
        coalesce(session_id, segment_id) as owner_id,
        cast(row_number() over in_order as integer) as contact_number,
        coalesce(lag(coalesce(session_id, segment_id)) over in_order, '') as previous_owner_id
    from segments
    where contact_kind is not null
    window in_order as (
        partition by customer_key
        order by
            started_us,
            case contact_kind when 'human' then 1 when 'handoff' then 2 when 'session' then 3 else 4 end,
            segment_id
    )
),

-- Consecutive contacts of one session, its own handling among them, are a run.
run_numbered as (
    select
        *,
        count(case when owner_id <> previous_owner_id then 1 end) over (
            partition by customer_key
            order by contact_number
            rows between unbounded preceding and current row
        ) as run_number
    from contact_numbered
),

contacts as (
    select
        *,
        max(contact_number) over (partition by customer_key, run_number) + 1 as number_after_run
    from run_numbered
),

-- The contacts that have started by a session's last activity are a running count over both.
starts_and_last_activities as (
    select
        customer_key,
        cast(null as {{ dbt.type_string() }}) as session_id,
        cast(null as integer) as conversation_number,
        cast(null as integer) as segment_number,
        started_us as happened_us,
        0 as tie_order,
        1 as contact_count
    from contacts
    union all
    select
        customer_key,
        session_id,
        conversation_number,
        segment_number,
        last_activity_us as happened_us,
        1 as tie_order,
        0 as contact_count
    from segments
    where segment_kind = 'session'
),

following_number_added as (
    select
        *,
        1 + sum(contact_count) over (
            partition by customer_key
            order by happened_us, tie_order
            rows between unbounded preceding and current row
        ) as following_number
    from starts_and_last_activities
),

-- The handling of a session's own escalation is no return.
next_number_added as (
    select
        sessions.*,
        case
            when next_contacts.owner_id = sessions.session_id then next_contacts.number_after_run
            else sessions.following_number
        end as next_number
    from following_number_added as sessions
    left join contacts as next_contacts
        on
            sessions.customer_key = next_contacts.customer_key
            and sessions.following_number = next_contacts.contact_number
    where sessions.tie_order = 1
),

final as (
    select
        sessions.session_id,
        sessions.conversation_number,
        sessions.segment_number,
        contacts.started_us as next_contact_us,
        contacts.contact_kind as recontact_kind
    from next_number_added as sessions
    left join contacts
        on
            sessions.customer_key = contacts.customer_key
            and sessions.next_number = contacts.contact_number
)

select * from final
