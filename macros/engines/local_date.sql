{# The calendar date of a UTC timestamp in a time zone. #}
{% macro local_date(timestamp, timezone) -%}
    cast({{ local_timestamp(timestamp, timezone) }} as date)
{%- endmacro %}
