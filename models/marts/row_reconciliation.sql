with

-- Read, used, duplicate and rejected rows are each counted on their own, so that the sum proves something.
final as (
    select
        source,
        table_name,
        cast(sum(rows_read) as bigint) as rows_read,
        cast(sum(rows_used) as bigint) as rows_used,
        cast(sum(rows_duplicate) as bigint) as rows_duplicate,
        cast(sum(rows_rejected) as bigint) as rows_rejected
    from {{ ref('int_row_counts') }}
    group by source, table_name
)

select * from final
