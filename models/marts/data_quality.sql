with

findings as (
    select
        source,
        finding,
        row_count
    from {{ ref('int_kept_findings') }}
    union all
    select
        source,
        finding,
        row_count
    from {{ ref('int_rating_findings') }}
    union all
    select
        source,
        finding,
        row_count
    from {{ source('night', 'night_raw_findings') }}
    where row_count > 0
    union all
    select
        source,
        finding,
        row_count
    from {{ ref('int_session_findings') }}
),

final as (
    select
        source,
        finding,
        cast(sum(row_count) as bigint) as row_count
    from findings
    group by source, finding
)

select * from final
