with

final as (
    select
        as_of,
        not_after,
        reporting_timezone,
        session_scope,
        after_escalation,
        courtesy_minutes,
        sources,
        rules_version
    from {{ ref('int_settings') }}
)

select * from final
