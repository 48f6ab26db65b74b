with

newest as (
    select max(newest_known_us) as newest_known_us from {{ ref('int_kept_states') }}
),

not_after_added as (
    select
        {{ from_epoch_us('newest_known_us') }} as newest_known_at,
        {{ utc_timestamp(setting('not_after')) }} as not_after
    from newest
),

-- A usable row may lie up to a day after not_after, but as_of is never later than not_after.
final as (
    select
        coalesce(
            {{ utc_timestamp(setting('as_of')) }},
            case when newest_known_at > not_after then not_after else newest_known_at end
        ) as as_of,
        not_after,
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
        {{ setting('attributes') }} as attributes,
        '{{ rules_version() }}' as rules_version
    from not_after_added
)

select * from final
