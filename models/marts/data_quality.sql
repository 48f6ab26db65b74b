with

final as (
    select
        source,
        finding,
        row_count
    from {{ ref('int_data_quality') }}
)

select * from final
