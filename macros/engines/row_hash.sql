{# A hash of a row's values: 64 bits on DuckDB. 32 bits suffice on Spark, where nothing is kept, so no change can be
   missed. Hashed twice, so that the sum differs if two rows swap a value. #}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch('row_hash', 'containment')(columns)) }}
{%- endmacro %}

{% macro default__row_hash(columns) -%} hash(hash({{ columns | join(', ') }})) {%- endmacro %}
{% macro spark__row_hash(columns) -%} cast({{ default__row_hash(columns) }} as decimal(20, 0)) {%- endmacro %}
