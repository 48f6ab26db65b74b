with

final as (
    select
        as_of,
        not_after,
        reporting_timezone,
        session_scope,
        after_escalation,
        courtesy_minutes,
        infer_takeovers,
        sources,
        raw_timezone,
        raw_time_format,
        raw_epoch,
        null_words,
        raw_columns,
        attributes,
        rules_version
    from {{ ref('int_settings') }}
)

select * from final
