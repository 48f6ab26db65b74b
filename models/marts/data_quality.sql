with

final as (
    select
        source,
        finding,
        cast(sum(row_count) as bigint) as row_count
    from {{ ref('int_kept_findings') }}
    group by source, finding
)

select * from final
