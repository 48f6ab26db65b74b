{# The checks of a row, as pairs: the column and the check in readable words, and the condition under which the row
   fails. Null passes every check but not_null. #}
{% macro row_checks(not_null, accepted_values={}, between={}) -%}
    {%- set checks = [] -%}
    {%- for name in not_null -%} {%- do checks.append((name ~ ' not_null', adapter.quote(name) ~ ' is null')) -%} {%- endfor -%}
    {%- for name, values in accepted_values.items() -%}
        {%- set words = [] -%}
        {%- for value in values -%} {%- do words.append(text_literal(value)) -%} {%- endfor -%}
        {%- do checks.append((name ~ ' accepted_values', adapter.quote(name) ~ ' not in (' ~ words | join(', ') ~ ')')) -%}
    {%- endfor -%}
    {%- for name, bounds in between.items() -%}
        {%- set column = adapter.quote(name) -%}
        {%- do checks.append((name ~ ' between', column ~ ' not between ' ~ bounds[0] ~ ' and ' ~ bounds[1])) -%}
    {%- endfor -%}
    {{ return(checks) }}
{%- endmacro %}
