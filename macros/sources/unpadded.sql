{# A text without the blanks around it: spaces (those of Unicode, too), tabs, line ends and invisible marks. #}
{% macro unpadded(text) -%}
    {%- set spaces = '\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000' -%}
    {%- set ends_and_marks = '\u000b\u000c\u0085\u2028\u2029\u200b\ufeff' -%}
    trim(both '{{ " \t\r\n" ~ spaces ~ ends_and_marks }}' from {{ text }})
{%- endmacro %}
