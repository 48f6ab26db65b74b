with

final as (
    select * from {{ ref('int_settings') }}
)

select * from final
