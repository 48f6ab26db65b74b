{{ config(materialized='view') }}

with

final as (
    {% for source in var('sources') %}
        {{ 'union all' if not loop.first }}
        select
            '{{ source }}' as source,
            {{ setting('session_scope') }} as session_scope,
            {{ setting('after_escalation') }} as after_escalation,
            cast({{ setting('courtesy_minutes') }} as integer) as courtesy_minutes,
            '{{ code_version(source) }}' as code_version
    {% endfor %}
)

select * from final
