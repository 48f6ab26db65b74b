{# The calendar date of a UTC timestamp in a time zone. #}
{% macro local_date(timestamp, timezone) -%}
    {{ return(adapter.dispatch('local_date')(timestamp, timezone)) }}
{%- endmacro %}

{# UTC needs no calendar, which costs more than all else that a mart does with a session. make_timestamptz takes
   microseconds as they are; `at time zone 'UTC'` would ask the calendar a second time. #}
{% macro default__local_date(timestamp, timezone) -%}
    case
        when {{ timezone }} = 'UTC' then cast({{ timestamp }} as date)
        else cast(make_timestamptz(epoch_us({{ timestamp }})) at time zone {{ timezone }} as date)
    end
{%- endmacro %}

{% macro spark__local_date(timestamp, timezone) -%}
    cast(from_utc_timestamp({{ timestamp }}, {{ timezone }}) as date)
{%- endmacro %}
