{# A var of dbt_project.yml as a text literal; null stays null, a list becomes 'one, two', names with values JSON. #}
{% macro setting(name) -%}
    {%- set value = var(name) -%}
    {%- if value is none -%} cast(null as {{ dbt.type_string() }})
    {%- elif value is mapping -%} {{ text_literal(tojson(value, sort_keys=true)) }}
    {%- else -%} {{ text_literal(value if value is string or value is number else value | join(', ')) }}
    {%- endif -%}
{%- endmacro %}
