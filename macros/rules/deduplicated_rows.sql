{# One usable row for each key: its only row, or the one of several that counts. #}
{% macro deduplicated_rows(rows, repeated_rows, key, columns) -%}
with

usable_rows as (
    select * from {{ rows }}
    where reject_reason is null
),

repeated_rows as (
    select * from {{ repeated_rows }}
),

unrepeated_rows as (
    select usable_rows.*
    from usable_rows
    left join repeated_rows
        on {% for column in key %} usable_rows.{{ column }} = repeated_rows.{{ column }} {{ 'and' if not loop.last }} {% endfor %}
    where repeated_rows.{{ key | first }} is null
),

final as (
    select {{ (key + columns) | join(', ') }} from unrepeated_rows
    union all
    select {{ (key + columns) | join(', ') }} from repeated_rows
)

select * from final
{%- endmacro %}
