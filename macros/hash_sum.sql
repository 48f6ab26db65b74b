{# The sum of row hashes, or of such sums: wide enough for any number of rows, and the same in whatever order they come. #}
{% macro hash_sum(column) -%}
    {{ return(adapter.dispatch('hash_sum')(column)) }}
{%- endmacro %}

{% macro default__hash_sum(column) -%} cast(sum({{ column }}) as hugeint) {%- endmacro %}
{% macro spark__hash_sum(column) -%} cast(sum({{ column }}) as decimal(38, 0)) {%- endmacro %}
