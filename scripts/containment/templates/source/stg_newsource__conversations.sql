with

final as (
    select
        id as conversation_id,
        channel,
        cast(null as varchar) as brand,
        customer_id,
        created_at,
        cast(null as varchar) as exclusion_reason,
        updated_at as loaded_at,
        {{ attributes() }} as attributes
    from {{ source('newsource', 'conversation') }}
)

select * from final
