with

changed as (
    select * from {{ ref('int_changed_conversations') }}
),

-- Whose sessions the changed conversations hold now, and whose they held when they were cut before.
sessions as (
    select
        source,
        conversation_id,
        customer_key
    from {{ ref('int_customer_sessions') }}
    union all
    select
        source,
        conversation_id,
        customer_key
    from {{ source('earlier_nights', 'int_kept_sessions') }}
),

final as (
    select distinct
        sessions.source,
        sessions.customer_key
    from sessions
    inner join changed
        on
            sessions.source = changed.source
            and sessions.conversation_id = changed.conversation_id
)

select * from final
