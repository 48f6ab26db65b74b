{# The timeouts, in minutes, that `timeout_sensitivity` compares, the shortest first. A set of them is a number: the
   first timeout is the bit 1, the second 2, the third 4, and so on. #}
{% macro compared_timeouts() -%}
    {{ return([5, 15, 30, 60, 120, 240, 1440, 4320]) }}
{%- endmacro %}

{# The set of all compared timeouts. #}
{% macro every_timeout() -%}
    {{ return(2 ** compared_timeouts() | length - 1) }}
{%- endmacro %}
