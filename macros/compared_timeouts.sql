{# The timeouts, in minutes, at which `timeout_sensitivity` says what the headline would be; the shortest first.
   A set of them is a number: the first timeout is the bit 1, the second 2, the third 4, and so on. #}
{% macro compared_timeouts() -%}
    {{ return([5, 15, 30, 60, 120, 240, 1440, 4320]) }}
{%- endmacro %}

{# The set of all of them. #}
{% macro every_timeout() -%}
    {{ return(2 ** compared_timeouts() | length - 1) }}
{%- endmacro %}
