{# Rule 10: if a key has several usable rows, the row loaded last counts, then the one with the greatest content,
   compared column by column. The order of the files never matters. Returns that row for each key with several, and how
   many there are. #}
{% macro repeated_rows(rows, key, content, more_columns=[]) -%}
with

usable_rows as (
    select * from {{ rows }}
    where reject_reason is null
),

-- Looked up in the narrow keys first: few ids occur more than once, and only their rows need sorting.
repeated_keys as (
    select
        {{ key | join(', ') }},
        count(*) as row_count
    from {{ rows }}
    where reject_reason is null
    group by {{ key | join(', ') }}
    having count(*) > 1
),

candidates as (
    select
        usable_rows.*,
        repeated_keys.row_count
    from usable_rows
    inner join repeated_keys
        on {% for column in key %} usable_rows.{{ column }} = repeated_keys.{{ column }} {{ 'and' if not loop.last }} {% endfor %}
),

final as (
    select * from candidates
    qualify row_number() over (
        partition by {{ key | join(', ') }}
        order by
            known_at desc nulls last
            {% for column in content + ['loaded_at'] %} , {{ column }} desc nulls last {% endfor %}
    ) = 1
)

select {{ (key + content + more_columns) | join(', ') }}, row_count from final
{%- endmacro %}
