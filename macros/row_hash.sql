{# 64 bits that stand for the values of a row; hashed twice, so that sums of them tell rows apart that swap a value. #}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch('row_hash')(columns)) }}
{%- endmacro %}

{% macro default__row_hash(columns) -%} hash(hash({{ columns | join(', ') }})) {%- endmacro %}
{% macro spark__row_hash(columns) -%} cast(xxhash64({{ columns | join(', ') }}) as decimal(20, 0)) {%- endmacro %}
