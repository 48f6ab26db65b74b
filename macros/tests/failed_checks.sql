{# The checks that a row fails, as text: 'outcome accepted_values; brand not_null; '. The run's message names them. #}
{% macro failed_checks(checks) -%}
    concat(
        {%- for name, condition in checks %}
        case when {{ condition }} then '{{ name }}; ' else '' end{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
