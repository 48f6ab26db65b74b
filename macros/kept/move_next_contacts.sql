{# Updates the customer's next session and next contact in sessions of unchanged conversations. It runs in the transaction
   that replaces the changed ones, so a killed run never leaves one without the other. #}
{% macro move_next_contacts() -%}
    {{ return(adapter.dispatch('move_next_contacts', 'containment')()) }}
{%- endmacro %}

{% macro default__move_next_contacts() -%}
    update {{ this }} as kept
    set next_started_us = moved.next_started_us
    from {{ ref('int_next_sessions') }} as moved
    where
        moved.conversation_number is null
        and kept.segment_id = moved.session_id
        and kept.next_started_us is distinct from moved.next_started_us;
    update {{ this }} as kept
    set next_contact_us = moved.next_contact_us, recontact_kind = moved.recontact_kind
    from {{ ref('int_next_contacts') }} as moved
    where
        moved.conversation_number is null
        and kept.segment_id = moved.session_id
        and (
            kept.next_contact_us is distinct from moved.next_contact_us
            or kept.recontact_kind is distinct from moved.recontact_kind
        )
{%- endmacro %}

{# Nothing is kept on Spark: every run cuts all conversations. #}
{% macro spark__move_next_contacts() -%} {%- endmacro %}
