{# The attributes of a raw row as JSON, a list of texts for each name; null if it has none. Names are those of the setting
   `attributes`. A value is a column, of `row` if several tables are read, which the nightly run adds for each name, or a
   list of texts in `lists` (name: SQL). #}
{% macro attributes(row='', lists={}, names=none) -%}
    {%- set values = [] -%}
    {%- for name in (var('attributes') if names is none else names) -%}
        {%- do values.append(
            "'\"" ~ name ~ "\": ' || "
            ~ (json_texts(lists[name]) if name in lists else json_text(trimmed_text(row ~ ('.' if row else '') ~ name)))
        ) -%}
    {%- endfor -%}
    {%- if values -%} nullif(concat('{', concat_ws(', ', {{ values | join(', ') }}), '}'), '{}')
    {%- else -%} cast(null as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}

{# A value without the blanks around it; null if nothing is left. #}
{% macro trimmed_text(column) -%} nullif({{ trimmed('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')') }}, '') {%- endmacro %}

{# The names that a message can have: also the version of the bot that wrote it, or that the customer talked to. #}
{% macro message_attribute_names() -%} {{ return(['bot_version'] + var('attributes')) }} {%- endmacro %}
