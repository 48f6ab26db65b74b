{# A text without the spaces at its ends, Unicode spaces included. #}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'containment')(text)) }}
{%- endmacro %}

{% macro default__trimmed(text) -%} trim({{ text }}) {%- endmacro %}

{% macro spark__trimmed(text) -%}
    trim(
        both ' \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000'
        from {{ text }}
    )
{%- endmacro %}
