{# Microseconds since 1970: whole numbers, so that comparisons with a timeout are exact and sorts are cheap. #}
{% macro epoch_us(timestamp) -%}
    {{ return(adapter.dispatch('epoch_us', 'containment')(timestamp)) }}
{%- endmacro %}

{% macro default__epoch_us(timestamp) -%} epoch_us({{ timestamp }}) {%- endmacro %}
{% macro spark__epoch_us(timestamp) -%} unix_micros({{ timestamp }}) {%- endmacro %}
