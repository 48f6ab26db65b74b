{# How many sessions each of two groups needs so that the difference of two rates shows in 95 % intervals four times out of
   five; null if they are equal. #}
{% macro needed_sessions(rate, other_rate) -%}
    ceil(
        {{ (1.959963984540054 + 0.8416212335729143) ** 2 }}e0
        * ({{ rate }} * (1 - {{ rate }}) + {{ other_rate }} * (1 - {{ other_rate }}))
        / nullif(({{ rate }} - {{ other_rate }}) * ({{ rate }} - {{ other_rate }}), 0)
    )
{%- endmacro %}
