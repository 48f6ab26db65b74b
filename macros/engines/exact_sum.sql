{# The sum of fractions, 0 if there are none. It adds decimals of nine digits, so the order of the rows does not
   matter. #}
{% macro exact_sum(fraction) -%}
    cast(coalesce(sum(cast({{ fraction }} as decimal(18, 9))), 0) as double)
{%- endmacro %}
