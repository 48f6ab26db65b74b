{# One end of the 95 % Wilson interval of a rate, never outside 0 to 1; null if the rate is null. side is '-' for the
   low end, '+' for the high end. The case stands outside, because greatest and least skip nulls. e0 makes the constants
   doubles, because engines round decimals differently. #}
{% macro wilson_bound(numerator, denominator, side) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set rate = ratio(numerator, denominator) -%}
    {%- set n = 'nullif(' ~ denominator ~ ', 0)' -%}
    {%- set spread -%}
        {{ z }}e0 * sqrt({{ rate }} * (1 - {{ rate }}) / {{ n }} + {{ z * z / 4 }}e0 / ({{ n }} * {{ n }}))
    {%- endset -%}
    case
        when {{ denominator }} > 0
            then least(
                1e0,
                greatest(0e0, ({{ rate }} + {{ z * z / 2 }}e0 / {{ n }} {{ side }} {{ spread }}) / (1 + {{ z * z }}e0 / {{ n }}))
            )
    end
{%- endmacro %}
