{# Whether a text matches a regular expression. #}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches', 'containment')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%} regexp_matches({{ text }}, '{{ pattern }}') {%- endmacro %}
{% macro spark__matches(text, pattern) -%} ({{ text }} rlike '{{ pattern }}') {%- endmacro %}
