with

final as (
    select
        id as event_id,
        conversation_id,
        -- seeds/event_types.csv tells what each ends.
        name as event_type,
        created_at as occurred_at,
        cast(null as varchar) as actor_type,
        cast(null as varchar) as reason,
        cast(null as timestamp) as loaded_at
    from {{ source('newsource', 'event') }}
)

select * from final
