{# A time of Rasa's, in seconds since 1970, as a UTC timestamp; null where it is none. #}
{% macro rasa_time(column) -%}
    try(make_timestamp(try_cast(round({{ column }} * 1000000) as bigint)))
{%- endmacro %}
