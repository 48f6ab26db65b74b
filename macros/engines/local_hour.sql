{# The hour of the day, 0 to 23, of a UTC timestamp in a time zone. #}
{% macro local_hour(timestamp, timezone) -%}
    cast(extract(hour from {{ local_timestamp(timestamp, timezone) }}) as integer)
{%- endmacro %}
