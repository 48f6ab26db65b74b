{# A Copilot Studio time as text: seconds since 1970 become a time (UTC). Everything else stays as it is, for staging to
   judge: values that are not numbers, and numbers beyond the years 1 to 9999 (ticks, milliseconds). #}
{% macro copilot_studio_time(column) -%}
    case
        when try_cast({{ column }} as double) between -62135596800 and 253402300799
            then cast(make_timestamp(cast(round(try_cast({{ column }} as double) * 1000000) as bigint)) as varchar)
        else {{ column }}
    end
{%- endmacro %}
