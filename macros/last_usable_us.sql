{# The last moment (microseconds since 1970) that a row may name: a day after the setting not_after, for clocks differ. Where
   that is null there is none: nothing is checked. #}
{% macro last_usable_us() -%}
    coalesce({{ epoch_us(utc_timestamp(setting('not_after'))) }} + 86400000000, 9223372036854775807)
{%- endmacro %}
