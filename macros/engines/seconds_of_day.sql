{# The seconds from midnight to a time of the day, written as 'HH:MM'; 24:00 is the end of the day. #}
{% macro seconds_of_day(time_of_day) -%}
    (3600 * cast(substring({{ time_of_day }}, 1, 2) as integer) + 60 * cast(substring({{ time_of_day }}, 4, 2) as integer))
{%- endmacro %}
