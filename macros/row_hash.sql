{# What stands for the values of a row: 64 bits on DuckDB, 32 on Spark, where nothing is kept that could miss a change.
   Hashed twice, so that sums of them tell rows apart that swap a value. #}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch('row_hash')(columns)) }}
{%- endmacro %}

{% macro default__row_hash(columns) -%} hash(hash({{ columns | join(', ') }})) {%- endmacro %}
{% macro spark__row_hash(columns) -%} cast({{ default__row_hash(columns) }} as decimal(20, 0)) {%- endmacro %}
