{# A JSON object as text, from a mapping of names to text columns. The keys keep their order. #}
{% macro json_object(columns) -%}
    {{ return(adapter.dispatch('json_object', 'containment')(columns)) }}
{%- endmacro %}

{% macro default__json_object(columns) -%}
    cast(json_object({% for name, column in columns.items() %}'{{ name }}', {{ column }}{{ ', ' if not loop.last }}{% endfor %}) as varchar)
{%- endmacro %}

{% macro spark__json_object(columns) -%}
    to_json(named_struct({% for name, column in columns.items() %}'{{ name }}', {{ column }}{{ ', ' if not loop.last }}{% endfor %}), map('ignoreNullFields', 'false'))
{%- endmacro %}
