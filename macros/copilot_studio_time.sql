{# A time of Copilot Studio's as text: seconds since 1970 as a time (UTC). All else stays as it is, for staging to judge: what is
   no number, and numbers beyond the years 1 to 9999 (ticks, milliseconds). #}
{% macro copilot_studio_time(column) -%}
    case
        when try_cast({{ column }} as double) between -62135596800 and 253402300799
            then cast(make_timestamp(cast(round(try_cast({{ column }} as double) * 1000000) as bigint)) as varchar)
        else {{ column }}
    end
{%- endmacro %}
