{# All texts of a group, in order, with commas between them; null if there is none. #}
{% macro listed_texts(value) -%}
    {{ return(adapter.dispatch('listed_texts', 'containment')(value)) }}
{%- endmacro %}

{% macro default__listed_texts(value) -%} string_agg({{ value }}, ', ' order by {{ value }}) {%- endmacro %}
{% macro spark__listed_texts(value) -%} nullif(array_join(array_sort(collect_list({{ value }})), ', '), '') {%- endmacro %}
