{# A raw value as a number; null if it cannot be read. It is cast to a decimal first, so 'nan', 'inf' and '4d' are not
   numbers, and digits beyond nine decimals are rounded. #}
{% macro number(column) -%}
    cast(try_cast({{ text(column) }} as decimal(18, 9)) as double)
{%- endmacro %}
