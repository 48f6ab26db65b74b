{# A time of that shape as every engine's cast reads it: seconds, and no space before Z or an offset. `first` is how the
   engine's regexp_replace writes the first group. #}
{% macro plain_time(written, first) -%}
    {%- set zone_joined -%}
        regexp_replace(regexp_replace({{ written }}, ' ?(UTC|Z)$', 'Z'), ' ([+-])', '{{ first }}')
    {%- endset -%}
    regexp_replace(
        {{ zone_joined }},
        '^([0-9/-]+[ T][0-9]{1,2}:[0-9]{2})([ Z+-].*)$',
        '{{ first }}:00{{ first | replace('1', '2') }}'
    )
{%- endmacro %}
