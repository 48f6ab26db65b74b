{# A raw value as text, as it came; null where it is blank. Few have to be trimmed: a text that begins with a visible
   character of ASCII is not blank, and there are spaces beyond it. #}
{% macro text(column) -%}
    {%- set value -%} cast({{ column }} as {{ dbt.type_string() }}) {%- endset -%}
    case when {{ value }} between '!' and '~' or {{ trimmed(value) }} <> '' then {{ value }} end
{%- endmacro %}
