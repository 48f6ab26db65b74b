with

final as (
    select * from {{ ref('int_rejected_rows') }}
)

select * from final
