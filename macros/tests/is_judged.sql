{# Whether a test judges a row in this run: a condition on a relation that has source and conversation_id, given its
   name in the statement. If a recent run judged all rows (the var `checks` is `changed`), a test judges only rows of
   the conversations cut in this run and rows without a conversation; the others have not changed since. Otherwise it
   judges every row. #}
{% macro is_judged(name) -%}
    {%- set changed = ref('int_changed_conversations') -%}
    {%- if var('checks', 'full') == 'changed' -%}
        (
            {{ name }}.source is null
            or {{ name }}.conversation_id is null
            or exists (
                select 1 from {{ changed }} as changed
                where {{ name }}.source = changed.source and {{ name }}.conversation_id = changed.conversation_id
            )
        )
    {%- else -%} true
    {%- endif -%}
{%- endmacro %}
