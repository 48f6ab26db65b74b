with

changed as (
    select * from {{ ref('int_changed_conversations') }}
),

sessions as (
    select * from {{ ref('int_customer_sessions') }}
),

-- Whose sessions the changed conversations hold now, and whose they held when they were cut before.
customers as (
    select
        source,
        customer_key
    from sessions
    where conversation_number is not null
    union all
    select
        sessions.source,
        sessions.customer_key
    from sessions
    inner join changed
        on
            sessions.source = changed.source
            and sessions.conversation_id = changed.conversation_id
    where sessions.conversation_number is null
),

final as (
    select distinct
        source,
        customer_key
    from customers
)

select * from final
