{# The rows of one raw table that belong to the conversations to cut. A row without a load time counts as loaded at its
   own time (rule 10). #}
{% macro rows_of_changed_conversations(rows, columns, own_time) -%}
with

changed as (
    select * from {{ ref('int_changed_conversations') }}
),

final as (
    select
        changed.conversation_number,
        {% for column in columns %} all_rows.{{ column }}, {% endfor %}
        coalesce(all_rows.loaded_at, all_rows.{{ own_time }}) as known_at
    from {{ rows }} as all_rows
    inner join changed
        on
            all_rows.source = changed.source
            and coalesce(all_rows.conversation_id, '') = changed.conversation_id
    where {{ may_be_changed('all_rows.conversation_id') }}
)

select * from final
{%- endmacro %}
