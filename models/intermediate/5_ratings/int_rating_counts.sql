{{ config(materialized='view') }}

-- What became of a source's rating rows. The used ones are counted where they are used, so that their sum with the
-- others proves something.
with

-- Every enabled source that has ratings, also without a row.
sources as (
    select cast(null as {{ dbt.type_string() }}) as source
    where false
    {% for source in sources_with_ratings() %}
        union all
        select '{{ source }}' as source
    {% endfor %}
),

rating_rows as (
    select
        source,
        count(*) as rows_read,
        count(case when is_duplicate then 1 end) as rows_duplicate,
        count(reject_reason) as rows_rejected
    from {{ ref('int_rating_rows') }}
    group by source
),

used_ratings as (
    select
        source,
        count(*) as rows_used
    from {{ ref('int_ratings') }}
    group by source
),

final as (
    select
        sources.source,
        coalesce(rating_rows.rows_read, 0) as rows_read,
        coalesce(used_ratings.rows_used, 0) as rows_used,
        coalesce(rating_rows.rows_duplicate, 0) as rows_duplicate,
        coalesce(rating_rows.rows_rejected, 0) as rows_rejected
    from sources
    left join rating_rows
        on sources.source = rating_rows.source
    left join used_ratings
        on sources.source = used_ratings.source
)

select * from final
