{# The sum of row hashes, or of such sums. It is wide enough for any number of rows, and the order of the rows does not
   matter. #}
{% macro hash_sum(column) -%}
    {{ return(adapter.dispatch('hash_sum', 'containment')(column)) }}
{%- endmacro %}

{% macro default__hash_sum(column) -%} cast(sum({{ column }}) as hugeint) {%- endmacro %}
{% macro spark__hash_sum(column) -%} cast(sum({{ column }}) as decimal(38, 0)) {%- endmacro %}
