{# The key of a segment or session: a hash of source, conversation and first message, so that a late row elsewhere
   in the conversation never renames it. The length keeps ('a:b', 'c') and ('a', 'b:c') apart. #}
{% macro session_key(source, conversation_id, first_message_id) -%}
    md5(concat({{ source }}, ':', length({{ conversation_id }}), ':', {{ conversation_id }}, ':', {{ first_message_id }}))
{%- endmacro %}
