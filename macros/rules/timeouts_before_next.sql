{# The set of compared timeouts that cut between an island and the next one with a property (the island itself counts).
   At these timeouts the segment that starts here lacks the property. `from_here` counts the islands with it, from the
   last one to this. The islands before the next one with it share its count. Needs a window `so_far`. #}
{% macro timeouts_before_next(has, from_here) -%}
    case
        when {{ has }} then 0
        else {{ union_so_far(from_here, 'case when ' ~ has ~ ' then 0 else next_cut_timeouts end') }}
    end
{%- endmacro %}

{# The union of nested sets over the rows with the same number so far. The numbers never fall. #}
{% macro union_so_far(number, timeouts) -%}
    (max({{ number }} * {{ every_timeout() + 1 }} + {{ timeouts }}) over so_far) % {{ every_timeout() + 1 }}
{%- endmacro %}
