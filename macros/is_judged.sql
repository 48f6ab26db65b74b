{# Whether a test judges a row tonight: a condition on a relation that has source and conversation_id, given its name in the
   statement. Where the night knows that all was judged lately (the var `checks` is `changed`), only the rows of the
   conversations cut tonight, and of none, are: all others are as they were when they were judged. Else every row is. #}
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
