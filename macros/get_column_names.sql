{#- dbt-duckdb before 1.11.1 leaves out the quotes of a contract's column that asks for them (`quote: true`), and
    `limit` is a keyword. Delete this macro when pyproject.toml no longer allows 1.11.0. -#}
{% macro get_column_names() -%}
    (
    {%- for column in model['columns'].values() -%}
        {{ adapter.quote(column['name']) if column.get('quote') else column['name'] }}{{ ', ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}
