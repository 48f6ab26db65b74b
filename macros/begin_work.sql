{# Marks the changed conversations in the states, in the transaction that lists them: until their states are written anew,
   at the end, a night that dies anywhere leaves them to be cut again, whatever their rows are by then. #}
{% macro begin_work() -%}
    {{ return(adapter.dispatch('begin_work')()) }}
{%- endmacro %}

{% macro default__begin_work() -%}
    update intermediate.int_kept_states as states
    set unfinished_reason = changed.change_reason
    from {{ this }} as changed
    where states.source = changed.source and states.conversation_id = changed.conversation_id;
    insert into intermediate.int_kept_states (source, conversation_id, unfinished_reason)
    select changed.source, changed.conversation_id, changed.change_reason
    from {{ this }} as changed
    where not exists (
        select 1 from intermediate.int_kept_states as states
        where states.source = changed.source and states.conversation_id = changed.conversation_id
    )
{%- endmacro %}

{# Nothing is kept on Spark: every run cuts all conversations. #}
{% macro spark__begin_work() -%} {%- endmacro %}
