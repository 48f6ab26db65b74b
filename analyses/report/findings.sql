-- Rows that were rejected, and rows that are used in part or not at all, by reason.
with

listed as (
    select
        source,
        'rejected ' || table_name as kind,
        reason as finding,
        count(*) as row_count,
        null as found_share,
        null as limit_share,
        null as action_beyond_limit
    from {{ ref('rejected_rows') }}
    group by source, 'rejected ' || table_name, reason
    union all
    select
        source,
        'found' as kind,
        finding,
        row_count,
        share as found_share,
        "limit" as limit_share,
        case when is_exceeded then action end as action_beyond_limit
    from {{ ref('data_quality') }}
)

select * from listed
order by source asc, kind desc, row_count desc, finding asc
