{# The text of a raw time that utc_timestamp cannot read; null if it can, or if there is none. #}
{% macro unreadable_time(column) -%}
    case when {{ utc_timestamp(column) }} is null then {{ text(column) }} end
{%- endmacro %}
