{# The shape of a raw text, without its content: a for a letter, 9 for a digit, ? for anything beyond ASCII; the first
   40 characters. If the columns of an export are shifted, a customer's words may stand where a time should be. #}
{% macro shape(text) -%}
    {{ return(adapter.dispatch('shape', 'containment')(text)) }}
{%- endmacro %}

{% macro default__shape(text) -%}
    regexp_replace(
        regexp_replace(regexp_replace(left({{ text }}, 40), '[^ -~]', '?', 'g'), '[A-Za-z]', 'a', 'g'), '[0-9]', '9', 'g'
    )
{%- endmacro %}

{% macro spark__shape(text) -%}
    regexp_replace(regexp_replace(regexp_replace(left({{ text }}, 40), '[^ -~]', '?'), '[A-Za-z]', 'a'), '[0-9]', '9')
{%- endmacro %}
