{# The set of compared timeouts that cut between a run and the next one that has something (the run itself counts): those
   at which the segment that starts here is without it. `from_here` counts the runs that have it, this one and later ones:
   of the later runs those up to the next that has it share the greatest count. Needs a window `after_it`. #}
{% macro timeouts_before_next(has, from_here) -%}
    case
        when {{ has }} then 0
        when {{ from_here }} = 0 then {{ every_timeout() }}
        else (max({{ from_here }} * {{ every_timeout() + 1 }} + cut_timeouts) over after_it) % {{ every_timeout() + 1 }}
    end
{%- endmacro %}
