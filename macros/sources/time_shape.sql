{# What a raw time must look like, as a regular expression: ISO 8601 with a year of four digits; the date may use /. A
   zone is Z, UTC, an offset of at most 14 hours, or a name of the IANA list after a space. Words such as BST and PST
   are not zones: each means several. The engines' own casts would guess, each in its own way. #}
{% macro time_shape() -%}
    {%- set date = '[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}' -%}
    {%- set time = '[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]*)?)?' -%}
    {%- set offset = '[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?|[+-]14(:?00)?' -%}
    {%- set named = ' ([A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+|GMT|CET|EET|MET|WET|EST|MST|HST)' -%}
    {{ date }}({{ time }}( ?(Z|UTC|{{ offset }})|{{ named }})?)?
{%- endmacro %}
