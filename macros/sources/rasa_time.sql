{# A Rasa time, in seconds since 1970, as a UTC timestamp; null if it is not a time. #}
{% macro rasa_time(column) -%}
    try(make_timestamp(try_cast(round({{ column }} * 1000000) as bigint)))
{%- endmacro %}
