{{ config(materialized='replaced_view') }}

with

rules_of_settings as (
    {% for source in var('sources') %}
        {{ 'union all' if not loop.first }}
        select
            '{{ source }}' as source,
            {{ setting('session_scope') }} as session_scope,
            {{ setting('after_escalation') }} as after_escalation,
            cast({{ setting('courtesy_minutes') }} as integer) as courtesy_minutes,
            {{ source in (var('infer_takeovers') or []) }} as is_takeover_inferred,
            '{{ code_version(source) }}' as code_version
    {% endfor %}
),

takeover_types as (
    select * from {{ ref('event_types') }}
    where event_type = 'agent_takeover'
),

-- A row for the source wins over the row for `*`.
final as (
    select
        rules_of_settings.source,
        rules_of_settings.session_scope,
        rules_of_settings.after_escalation,
        rules_of_settings.courtesy_minutes,
        case
            when rules_of_settings.is_takeover_inferred then coalesce(own_type.boundary, any_type.boundary, 'none')
            else 'none'
        end as takeover_boundary,
        rules_of_settings.code_version
    from rules_of_settings
    left join takeover_types as own_type
        on rules_of_settings.source = own_type.source
    left join takeover_types as any_type
        on any_type.source = '*'
)

select * from final
