{# The timestamp for a number of microseconds since 1970. #}
{% macro from_epoch_us(microseconds) -%}
    {{ return(adapter.dispatch('from_epoch_us', 'containment')(microseconds)) }}
{%- endmacro %}

{% macro default__from_epoch_us(microseconds) -%} make_timestamp({{ microseconds }}) {%- endmacro %}
{% macro spark__from_epoch_us(microseconds) -%} timestamp_micros({{ microseconds }}) {%- endmacro %}
