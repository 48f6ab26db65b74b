{# A UTC timestamp as the clocks of a time zone show it. #}
{% macro local_timestamp(timestamp, timezone) -%}
    {{ return(adapter.dispatch('local_timestamp')(timestamp, timezone)) }}
{%- endmacro %}

{# UTC needs no calendar, which costs more than all else that a mart does with a session. make_timestamptz takes
   microseconds as they are; `at time zone 'UTC'` would ask the calendar a second time. #}
{% macro default__local_timestamp(timestamp, timezone) -%}
    case
        when {{ timezone }} = 'UTC' then {{ timestamp }}
        else make_timestamptz(epoch_us({{ timestamp }})) at time zone {{ timezone }}
    end
{%- endmacro %}

{% macro spark__local_timestamp(timestamp, timezone) -%}
    from_utc_timestamp({{ timestamp }}, {{ timezone }})
{%- endmacro %}
