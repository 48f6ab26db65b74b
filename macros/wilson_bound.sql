{# One end of the 95 % Wilson interval of a rate, never outside 0 to 1; null where the rate is. side is '-' for the low
   end, '+' for the high. The case stands outside, because greatest and least pass over a null. #}
{% macro wilson_bound(numerator, denominator, side) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set rate = ratio(numerator, denominator) -%}
    {%- set n = 'nullif(' ~ denominator ~ ', 0)' -%}
    {%- set spread -%}
        {{ z }} * sqrt({{ rate }} * (1 - {{ rate }}) / {{ n }} + {{ z * z / 4 }} / ({{ n }} * {{ n }}))
    {%- endset -%}
    case
        when {{ denominator }} > 0
            then least(
                1.0,
                greatest(0.0, ({{ rate }} + {{ z * z / 2 }} / {{ n }} {{ side }} {{ spread }}) / (1 + {{ z * z }} / {{ n }}))
            )
    end
{%- endmacro %}
