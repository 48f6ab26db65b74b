{# A raw value as a number; null where it cannot be read. By way of a decimal: 'nan', 'inf' and '4d' are no numbers,
   and what lies beyond nine decimals is rounded. #}
{% macro number(column) -%}
    cast(try_cast({{ text(column) }} as decimal(18, 9)) as double)
{%- endmacro %}
