{# A value of a rejected row that is meant to be a word: the word, or what the value looks like when it is no single one. #}
{% macro word(column) -%}
    case when {{ matches(column, '^[A-Za-z][A-Za-z_]{0,19}$') }} then {{ column }} else {{ shape(column) }} end
{%- endmacro %}
