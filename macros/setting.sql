{# A var of dbt_project.yml as a text literal; null stays null, a list becomes 'one, two'. #}
{% macro setting(name) -%}
    {%- set value = var(name) -%}
    {%- if value is none -%} cast(null as {{ dbt.type_string() }})
    {%- else -%} '{{ (value if value is string or value is number else value | join(', ')) | string | replace("'", "''") }}'
    {%- endif -%}
{%- endmacro %}
