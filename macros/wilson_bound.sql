{# One end of the 95 % Wilson interval of a rate; side is '-' for the low end and '+' for the high one. #}
{% macro wilson_bound(numerator, denominator, side) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set rate = ratio(numerator, denominator) -%}
    ({{ rate }} + {{ z * z / 2 }} / {{ denominator }} {{ side }} {{ z }} * sqrt(
        {{ rate }} * (1 - {{ rate }}) / {{ denominator }} + {{ z * z / 4 }} / ({{ denominator }} * {{ denominator }})
    )) / (1 + {{ z * z }} / {{ denominator }})
{%- endmacro %}
