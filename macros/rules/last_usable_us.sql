{# The last time (microseconds since 1970) that a row may have: a day after the setting not_after, because clocks
   differ. Null if not_after is null; then nothing is checked. #}
{% macro last_usable_us() -%}
    coalesce({{ epoch_us(utc_timestamp(setting('not_after'))) }} + 86400000000, 9223372036854775807)
{%- endmacro %}
