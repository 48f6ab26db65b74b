{# A text column with few distinct values, in a table that only one build needs: DuckDB stores each value as one byte.
   Cast it to text before it goes into a kept table. #}
{% macro one_of(texts, value) -%}
    {{ return(adapter.dispatch('one_of', 'containment')(texts, value)) }}
{%- endmacro %}

{% macro default__one_of(texts, value) -%} cast({{ value }} as enum('{{ texts | join("', '") }}')) {%- endmacro %}
{% macro spark__one_of(texts, value) -%} {{ value }} {%- endmacro %}
