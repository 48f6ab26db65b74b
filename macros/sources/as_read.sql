{# The text of a staged value: the value itself, or the shape of the raw text that could not be read. #}
{% macro as_read(column) -%}
    coalesce(cast({{ column }} as {{ dbt.type_string() }}), {{ shape('unreadable_' ~ column) }})
{%- endmacro %}
