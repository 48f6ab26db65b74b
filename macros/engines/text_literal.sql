{# A text as a literal of the engine; null stays null. In Spark a backslash begins an escape. #}
{% macro text_literal(value) -%}
    {{ return(adapter.dispatch('text_literal', 'containment')(value)) }}
{%- endmacro %}

{% macro default__text_literal(value) -%}
    {{ return('null' if value is none else "'" ~ value | string | replace("'", "''") ~ "'") }}
{%- endmacro %}

{% macro spark__text_literal(value) -%}
    {{ return('null' if value is none else "'" ~ value | string | replace('\\', '\\\\') | replace("'", "\\'") ~ "'") }}
{%- endmacro %}
