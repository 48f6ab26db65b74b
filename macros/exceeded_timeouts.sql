{# The set of the compared timeouts that a silence (microseconds) exceeds: of two such sets, each in the other or the
   other in it, the greater number is the union and the smaller what both have in common. #}
{% macro exceeded_timeouts(silence_us) -%}
    case
        {% for minutes in compared_timeouts() | reverse -%}
            when {{ silence_us }} > {{ minutes * 60000000 }} then {{ 2 ** loop.revindex - 1 }}
        {% endfor -%}
        else 0
    end
{%- endmacro %}
