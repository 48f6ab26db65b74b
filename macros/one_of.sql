{# A text of which there are few, in a table that only one build needs: DuckDB holds its number in one byte. Whoever passes it
   on to what is kept makes it a text again. #}
{% macro one_of(texts, value) -%}
    {{ return(adapter.dispatch('one_of')(texts, value)) }}
{%- endmacro %}

{% macro default__one_of(texts, value) -%} cast({{ value }} as enum('{{ texts | join("', '") }}')) {%- endmacro %}
{% macro spark__one_of(texts, value) -%} {{ value }} {%- endmacro %}
