{# The calendar date of a UTC timestamp in a time zone. #}
{% macro local_date(timestamp, timezone) -%}
    {{ return(adapter.dispatch('local_date')(timestamp, timezone)) }}
{%- endmacro %}

{% macro default__local_date(timestamp, timezone) -%}
    cast({{ timestamp }} at time zone 'UTC' at time zone {{ timezone }} as date)
{%- endmacro %}

{% macro spark__local_date(timestamp, timezone) -%}
    cast(from_utc_timestamp({{ timestamp }}, {{ timezone }}) as date)
{%- endmacro %}
