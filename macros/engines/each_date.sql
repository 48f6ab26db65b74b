{# One row for each date from the first to the last. Belongs into a select list. #}
{% macro each_date(first_date, last_date) -%}
    {{ return(adapter.dispatch('each_date', 'containment')(first_date, last_date)) }}
{%- endmacro %}

{% macro default__each_date(first_date, last_date) -%}
    cast(unnest(generate_series({{ first_date }}, {{ last_date }}, interval 1 day)) as date)
{%- endmacro %}

{% macro spark__each_date(first_date, last_date) -%}
    explode(sequence({{ first_date }}, {{ last_date }}, interval 1 day))
{%- endmacro %}
