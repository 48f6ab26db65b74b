{# The sum of fractions, 0 where there is none, the same in whatever order they come: as decimals, to nine digits. #}
{% macro exact_sum(fraction) -%}
    cast(coalesce(sum(cast({{ fraction }} as decimal(18, 9))), 0) as double)
{%- endmacro %}
