{# One end, in points, of the 95 % interval of the difference of two rates (Newcombe), from the ends of their Wilson
   intervals. side is '-' for the low end (the rate's low, the other's high), '+' for the high end. #}
{% macro difference_bound(rate, rate_end, other_rate, other_end, side) -%}
    100 * (
        {{ rate }} - {{ other_rate }} {{ side }} sqrt(
            ({{ rate }} - {{ rate_end }}) * ({{ rate }} - {{ rate_end }})
            + ({{ other_rate }} - {{ other_end }}) * ({{ other_rate }} - {{ other_end }})
        )
    )
{%- endmacro %}
