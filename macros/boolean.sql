{# A raw value as a boolean: the default where it is blank, null where it cannot be read. #}
{% macro boolean(column, default) -%}
    try_cast(coalesce({{ keyword(column) }}, '{{ default }}') as boolean)
{%- endmacro %}
