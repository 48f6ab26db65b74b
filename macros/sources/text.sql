{# A raw value as text, as it came; null if it is blank. Few values need a trim to tell: a text that begins with a
   visible ASCII character is not blank. The trim is for the rest, as there are spaces beyond ASCII. #}
{% macro text(column) -%}
    {%- set value -%} cast({{ column }} as {{ dbt.type_string() }}) {%- endset -%}
    case when {{ value }} between '!' and '~' or {{ trimmed(value) }} <> '' then {{ value }} end
{%- endmacro %}
