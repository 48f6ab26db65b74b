{# The hour of the day, 0 to 23, of a UTC timestamp in a time zone. #}
{% macro local_hour(timestamp, timezone) -%}
    {{ return(adapter.dispatch('local_hour')(timestamp, timezone)) }}
{%- endmacro %}

{% macro default__local_hour(timestamp, timezone) -%}
    cast(
        case
            when {{ timezone }} = 'UTC' then extract(hour from {{ timestamp }})
            else extract(hour from make_timestamptz(epoch_us({{ timestamp }})) at time zone {{ timezone }})
        end as integer
    )
{%- endmacro %}

{% macro spark__local_hour(timestamp, timezone) -%}
    hour(from_utc_timestamp({{ timestamp }}, {{ timezone }}))
{%- endmacro %}
