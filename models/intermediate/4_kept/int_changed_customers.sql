with

changed as (
    select * from {{ ref('int_changed_conversations') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

identities as (
    select * from {{ ref('int_identities') }}
    where is_used
),

changed_identities as (
    select
        coalesce(identities.source, earlier.source) as source,
        coalesce(identities.customer_id, earlier.customer_id) as customer_id,
        identities.person_id,
        earlier.person_id as earlier_person_id
    from identities
    full outer join {{ source('earlier_nights', 'int_kept_identities') }} as earlier
        on
            identities.source = earlier.source
            and identities.customer_id = earlier.customer_id
    where identities.person_id is distinct from earlier.person_id
),

-- The customers of the changed conversations, in tonight's cut and in the earlier one.
customers as (
    select customer_key
    from segments
    where conversation_number is not null
    union all
    select segments.customer_key
    from segments
    inner join changed
        on
            segments.source = changed.source
            and segments.conversation_id = changed.conversation_id
    where segments.conversation_number is null
    union all
    -- A customer who moves from one person to another concerns both.
    select {{ customer_key('source', 'customer_id', 'person_id', 'null') }} as customer_key
    from changed_identities
    union all
    select {{ customer_key('source', 'customer_id', 'earlier_person_id', 'null') }} as customer_key
    from changed_identities
),

final as (
    select distinct customer_key
    from customers
)

select * from final
