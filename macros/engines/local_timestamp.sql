{# A UTC timestamp as local time in a time zone. #}
{% macro local_timestamp(timestamp, timezone) -%}
    {{ return(adapter.dispatch('local_timestamp', 'containment')(timestamp, timezone)) }}
{%- endmacro %}

{# UTC needs no conversion, which costs more than everything else that a mart does with a session. make_timestamptz
   takes microseconds as they are; `at time zone 'UTC'` would convert a second time. #}
{% macro default__local_timestamp(timestamp, timezone) -%}
    case
        when {{ timezone }} = 'UTC' then {{ timestamp }}
        else make_timestamptz(epoch_us({{ timestamp }})) at time zone {{ timezone }}
    end
{%- endmacro %}

{% macro spark__local_timestamp(timestamp, timezone) -%}
    from_utc_timestamp({{ timestamp }}, {{ timezone }})
{%- endmacro %}
