with

loaded_times as (
    select max(known_at) as known_at from {{ ref('int_conversation_rows') }}
    union all
    select max(known_at) as known_at from {{ ref('int_messages') }}
    union all
    select max(known_at) as known_at from {{ ref('int_events') }}
),

final as (
    select
        coalesce({{ utc_timestamp(setting('as_of')) }}, max(known_at)) as as_of,
        {{ setting('reporting_timezone') }} as reporting_timezone,
        {{ setting('session_scope') }} as session_scope,
        {{ setting('after_escalation') }} as after_escalation,
        cast({{ setting('courtesy_minutes') }} as integer) as courtesy_minutes,
        {{ setting('sources') }} as sources,
        1 as rules_version
    from loaded_times
)

select * from final
