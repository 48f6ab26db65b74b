{# The text of a staged value: the value itself, or what stood there when it could not be read. #}
{% macro as_read(column) -%}
    coalesce(cast({{ column }} as {{ dbt.type_string() }}), unreadable_{{ column }})
{%- endmacro %}
