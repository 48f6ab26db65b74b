{# What became of the rows of an optional table (ratings, claims), by source. `rows` has a row per raw row, `used` one per
   used row. The used ones are counted there, so that the test of their sum can fail. #}
{% macro counts_of_optional_rows(table, rows, used) -%}
with

-- Every enabled source with this table, even if it has no row.
sources as (
    select cast(null as {{ dbt.type_string() }}) as source
    where false
    {% for source in sources_with(table) %}
        union all
        select '{{ source }}' as source
    {% endfor %}
),

raw_rows as (
    select
        source,
        count(*) as rows_read,
        count(case when is_duplicate then 1 end) as rows_duplicate,
        count(reject_reason) as rows_rejected
    from {{ rows }}
    group by source
),

used_rows as (
    select
        source,
        count(*) as rows_used
    from {{ used }}
    group by source
),

final as (
    select
        sources.source,
        coalesce(raw_rows.rows_read, 0) as rows_read,
        coalesce(used_rows.rows_used, 0) as rows_used,
        coalesce(raw_rows.rows_duplicate, 0) as rows_duplicate,
        coalesce(raw_rows.rows_rejected, 0) as rows_rejected
    from sources
    left join raw_rows
        on sources.source = raw_rows.source
    left join used_rows
        on sources.source = used_rows.source
)

select * from final
{%- endmacro %}
