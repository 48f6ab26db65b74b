{# A rate is a ratio of two counts of the same rows; null, not zero, where there is nothing to count. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif({{ denominator }}, 0)
{%- endmacro %}
