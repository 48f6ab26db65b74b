with

final as (
    select
        as_of,
        reporting_timezone,
        session_scope,
        after_escalation,
        courtesy_minutes,
        infer_takeovers,
        sources,
        rules_version
    from {{ ref('int_settings') }}
)

select * from final
