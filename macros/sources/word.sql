{# A value of a rejected row that should be a word: the word, or the shape of the value if it is not a single word. #}
{% macro word(column) -%}
    case when {{ matches(column, '^[A-Za-z][A-Za-z_]{0,19}$') }} then {{ column }} else {{ shape(column) }} end
{%- endmacro %}
