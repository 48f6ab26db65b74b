{# A raw id as text (rule 10): without the blanks around it, and a whole number as its digits, however a float, a decimal
   or a spreadsheet wrote it (7.0); null where it is blank. #}
{% macro id_text(column) -%}
    {%- set value -%} cast({{ column }} as {{ dbt.type_string() }}) {%- endset -%}
    case
        when {{ is_plain_id(value) }} then {{ value }}
        when {{ is_whole_number(value) }} then split_part({{ unpadded(value) }}, '.', 1)
        else nullif({{ unpadded(value) }}, '')
    end
{%- endmacro %}

{# Most ids are plain and need no other check: they begin and end with a visible ASCII character, and contain neither
   the point nor the + of numbers in another notation. #}
{% macro is_plain_id(value) -%}
    {{ value }} between '!' and '~' and reverse({{ value }}) between '!' and '~'
    and {{ value }} not like '%.%' and {{ value }} not like '%+%'
{%- endmacro %}

{# Whether an id is a whole number that is written with a fraction of zero. #}
{% macro is_whole_number(value) -%}
    {{ matches(unpadded(value), '^-?[0-9]+[.]0+$') }}
{%- endmacro %}

{# Whether an id is a number that may have lost digits: a double stores 2^53 + 1 as 2^53, and 1.2E+18 is how
   spreadsheets and floats write a greater one. Several ids may have become one. #}
{% macro is_inexact(value) -%}
    {{ matches(unpadded(value), '^[0-9]([.,][0-9]+)?[eE][+][0-9]+$') }}
    or ({{ is_whole_number(value) }} and abs(try_cast({{ unpadded(value) }} as double)) >= 9007199254740992e0)
{%- endmacro %}

{# The finding about how the ids of a row are written; null if nothing is wrong. #}
{% macro id_finding(columns) -%}
    {%- set values = [] -%}
    {%- for column in columns -%} {%- do values.append('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')') -%} {%- endfor -%}
    case
        when {% for value in values -%}
            {{ 'and ' if not loop.first }}({{ value }} is null or {{ is_plain_id(value) }})
        {% endfor -%} then null
        {% for value in values %} when {{ is_inexact(value) }} then 'inexact_id' {% endfor %}
        {% for value in values %} when {{ is_whole_number(value) }} then 'ids_of_whole_numbers' {% endfor %}
        {% for value in values -%}
            when {{ unpadded(value) }} <> '' and {{ unpadded(value) }} <> {{ value }} then 'ids_with_blanks'
        {% endfor -%}
    end
{%- endmacro %}
