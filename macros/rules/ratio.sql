{# A rate is a ratio of two counts over the same rows. It is null, not zero, if there is nothing to count. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif({{ denominator }}, 0)
{%- endmacro %}
