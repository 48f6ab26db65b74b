{# The set of compared timeouts that a silence (microseconds) exceeds. One of two such sets always contains the other,
   so the greater number is their union and the smaller number their intersection. #}
{% macro exceeded_timeouts(silence_us) -%}
    case
        {% for minutes in compared_timeouts() | reverse -%}
            when {{ silence_us }} > {{ minutes * 60000000 }} then {{ 2 ** loop.revindex - 1 }}
        {% endfor -%}
        else 0
    end
{%- endmacro %}
