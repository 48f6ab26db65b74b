with

newest as (
    select max(newest_known_us) as newest_known_us from {{ ref('int_kept_states') }}
),

final as (
    select
        coalesce({{ utc_timestamp(setting('as_of')) }}, {{ from_epoch_us('newest_known_us') }}) as as_of,
        {{ setting('reporting_timezone') }} as reporting_timezone,
        {{ setting('session_scope') }} as session_scope,
        {{ setting('after_escalation') }} as after_escalation,
        cast({{ setting('courtesy_minutes') }} as integer) as courtesy_minutes,
        {{ setting('infer_takeovers') }} as infer_takeovers,
        {{ setting('sources') }} as sources,
        '{{ rules_version() }}' as rules_version
    from newest
)

select * from final
