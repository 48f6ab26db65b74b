{# The day of the week of a date: Monday is 1, Sunday is 7. #}
{% macro iso_weekday(date) -%}
    {{ return(adapter.dispatch('iso_weekday', 'containment')(date)) }}
{%- endmacro %}

{% macro default__iso_weekday(date) -%} cast(isodow({{ date }}) as integer) {%- endmacro %}
{% macro spark__iso_weekday(date) -%} (weekday({{ date }}) + 1) {%- endmacro %}
