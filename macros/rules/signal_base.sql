{# The first (`from`) or last (`to`) day of the setting signal_base as a date; null without a stated base. #}
{% macro signal_base(end) -%}
    cast({{ text_literal((var('signal_base') or {})[end] | string) if var('signal_base') else 'null' }} as date)
{%- endmacro %}
