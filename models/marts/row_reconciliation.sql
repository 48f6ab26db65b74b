with

final as (
    select
        source,
        table_name,
        rows_read,
        rows_used,
        rows_duplicate,
        rows_rejected
    from {{ ref('int_row_counts') }}
)

select * from final
