{# A condition that passes the rows of changed conversations and few others. If few have changed, DuckDB checks the raw
   ids before it casts and hashes the rows; a join would check them too late. It may pass every row. Config of a model
   that uses it: pre_hook list_changed(), post_hook forget_changed(). #}
{% macro may_be_changed(conversation_id) -%}
    {{ return(adapter.dispatch('may_be_changed', 'containment')(conversation_id)) }}
{%- endmacro %}

{% macro default__may_be_changed(conversation_id) -%}
    coalesce(list_contains(getvariable('changed_ids'), coalesce({{ conversation_id }}, '')), true)
{%- endmacro %}
{% macro spark__may_be_changed(conversation_id) -%} true {%- endmacro %}

{# The ids go into a variable of the connection. A night that cuts more than this many conversations reads most rows
   anyway. #}
{% macro list_changed() -%}
    {{ return(adapter.dispatch('list_changed', 'containment')()) }}
{%- endmacro %}

{% macro default__list_changed() -%}
    set variable changed_ids = (
        select case when count(*) <= 50000 then coalesce(list(conversation_id), []) end from {{ ref('int_changed_conversations') }}
    )
{%- endmacro %}
{% macro spark__list_changed() -%} {%- endmacro %}

{% macro forget_changed() -%} {{ return(adapter.dispatch('forget_changed', 'containment')()) }} {%- endmacro %}
{% macro default__forget_changed() -%} reset variable changed_ids {%- endmacro %}
{% macro spark__forget_changed() -%} {%- endmacro %}
