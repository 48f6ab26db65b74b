{# The days from 1970-01-01 to a date, as a whole number. #}
{% macro day_number(date) -%}
    {{ return(adapter.dispatch('day_number', 'containment')(date)) }}
{%- endmacro %}

{% macro default__day_number(date) -%} cast({{ date }} - cast('1970-01-01' as date) as bigint) {%- endmacro %}
{% macro spark__day_number(date) -%} cast(unix_date({{ date }}) as bigint) {%- endmacro %}
