{# A time of time_shape as every engine's cast reads it: with seconds, and without a space before Z or an offset.
   `first` is the first group in the notation of the engine's regexp_replace. #}
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
