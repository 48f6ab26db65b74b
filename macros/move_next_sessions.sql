{# Writes where a customer's next session starts now into the sessions of conversations that stay as they are, in the
   transaction that replaces those of the changed ones: no night that dies leaves the one without the other. #}
{% macro move_next_sessions() -%}
    {{ return(adapter.dispatch('move_next_sessions')()) }}
{%- endmacro %}

{% macro default__move_next_sessions() -%}
    update {{ this }} as kept
    set next_started_us = moved.next_started_us
    from {{ ref('int_next_sessions') }} as moved
    where
        moved.conversation_number is null
        and kept.segment_id = moved.session_id
        and kept.next_started_us is distinct from moved.next_started_us
{%- endmacro %}

{# Nothing is kept on Spark: every run cuts all conversations. #}
{% macro spark__move_next_sessions() -%} {%- endmacro %}
