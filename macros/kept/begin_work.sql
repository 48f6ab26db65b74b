{# Marks the changed conversations in the states, in the transaction that lists them. Their new states are written last.
   If the run is killed before that, the marks remain and the next night cuts these conversations again, whatever their
   rows are by then. #}
{% macro begin_work() -%}
    {{ return(adapter.dispatch('begin_work', 'containment')()) }}
{%- endmacro %}

{% macro default__begin_work() -%}
    {%- set states = plain_table(source('earlier_nights', 'int_kept_states')) -%}
    update {{ states }} as states
    set unfinished_reason = changed.change_reason
    from {{ this }} as changed
    where states.source = changed.source and states.conversation_id = changed.conversation_id;
    insert into {{ states }} (source, conversation_id, unfinished_reason)
    select changed.source, changed.conversation_id, changed.change_reason
    from {{ this }} as changed
    where not exists (
        select 1 from {{ states }} as states
        where states.source = changed.source and states.conversation_id = changed.conversation_id
    )
{%- endmacro %}

{# Nothing is kept on Spark: every run cuts all conversations. #}
{% macro spark__begin_work() -%} {%- endmacro %}
