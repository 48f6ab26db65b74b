{# A Chatwoot number as text that sorts like the number: ids order the rows of one second. #}
{% macro chatwoot_number(column) -%}
    lpad(cast({{ column }} as varchar), 19, '0')
{%- endmacro %}
