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
        {{ setting('raw_timezone') }} as raw_timezone,
        {{ setting('raw_time_format') }} as raw_time_format,
        {{ setting('raw_epoch') }} as raw_epoch,
        {{ setting('null_words') }} as null_words,
        {{ setting('raw_columns') }} as raw_columns,
        '{{ rules_version() }}' as rules_version
    from newest
)

select * from final
