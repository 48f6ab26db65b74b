{# The text of a raw time that utc_timestamp cannot read; null where it can, and where there is none. #}
{% macro unreadable_time(column) -%}
    case when {{ utc_timestamp(column) }} is null then {{ text(column) }} end
{%- endmacro %}
