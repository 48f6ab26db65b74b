{# What a raw text looks like, without what it says: a for a letter, 9 for a digit, ? for what is beyond ASCII; the first
   40 characters. An export whose columns are out of step has a customer's words where a time should be. #}
{% macro shape(text) -%}
    {{ return(adapter.dispatch('shape')(text)) }}
{%- endmacro %}

{% macro default__shape(text) -%}
    regexp_replace(
        regexp_replace(regexp_replace(left({{ text }}, 40), '[^ -~]', '?', 'g'), '[A-Za-z]', 'a', 'g'), '[0-9]', '9', 'g'
    )
{%- endmacro %}

{% macro spark__shape(text) -%}
    regexp_replace(regexp_replace(regexp_replace(left({{ text }}, 40), '[^ -~]', '?'), '[A-Za-z]', 'a'), '[0-9]', '9')
{%- endmacro %}
