{# The UTC timestamp of a local time in a time zone. #}
{% macro utc_from_local(timestamp, timezone) -%}
    {{ return(adapter.dispatch('utc_from_local', 'containment')(timestamp, timezone)) }}
{%- endmacro %}

{% macro default__utc_from_local(timestamp, timezone) -%}
    {{ timestamp }} at time zone {{ timezone }} at time zone 'UTC'
{%- endmacro %}

{% macro spark__utc_from_local(timestamp, timezone) -%}
    to_utc_timestamp({{ timestamp }}, {{ timezone }})
{%- endmacro %}
