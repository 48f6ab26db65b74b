{# A raw word of a list (a channel, an author type): lower case, no space around it; null where it is blank. #}
{% macro keyword(column) -%}
    nullif(lower({{ trimmed('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')') }}), '')
{%- endmacro %}
