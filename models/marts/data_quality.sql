with

final as (
    select * from {{ ref('int_data_quality') }}
)

select * from final
