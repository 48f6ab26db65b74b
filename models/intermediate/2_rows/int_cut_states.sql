with

changed as (
    select * from {{ ref('int_changed_conversations') }}
),

-- The state describes the rows that were cut. The rows that were compared before may differ, because a file may have
-- changed since.
cut_rows as (
    select
        conversation_number,
        1 as conversation_rows,
        0 as message_rows,
        0 as event_rows,
        row_hash,
        reject_reason,
        known_at,
        greatest(created_at, loaded_at) as latest_at
    from {{ ref('int_changed_conversation_rows') }}
    union all
    select
        conversation_number,
        0 as conversation_rows,
        1 as message_rows,
        0 as event_rows,
        row_hash,
        reject_reason,
        known_at,
        greatest(sent_at, loaded_at) as latest_at
    from {{ ref('int_changed_message_rows') }}
    union all
    select
        conversation_number,
        0 as conversation_rows,
        0 as message_rows,
        1 as event_rows,
        row_hash,
        reject_reason,
        known_at,
        greatest(occurred_at, loaded_at) as latest_at
    from {{ ref('int_changed_event_rows') }}
),

summed as (
    select
        conversation_number,
        cast(sum(conversation_rows) as bigint) as conversation_rows,
        cast(sum(message_rows) as bigint) as message_rows,
        cast(sum(event_rows) as bigint) as event_rows,
        {{ hash_sum('row_hash') }} as rows_fingerprint,
        max(case when reject_reason is null then {{ epoch_us('known_at') }} end) as newest_known_us,
        -- The limit of this cut, a day after its not_after, lies between these two times. A row rejected as
        -- time_after_load has passed the check for time_in_future, which comes first.
        max(case when reject_reason is null or reject_reason = 'time_after_load' then {{ epoch_us('latest_at') }} end)
            as newest_accepted_us,
        min(case when reject_reason = 'time_in_future' then {{ epoch_us('latest_at') }} end) as oldest_rejected_us
    from cut_rows
    group by conversation_number
),

final as (
    select
        changed.source,
        changed.conversation_id,
        summed.conversation_rows,
        summed.message_rows,
        summed.event_rows,
        summed.rows_fingerprint,
        changed.rules_fingerprint,
        summed.newest_known_us,
        summed.newest_accepted_us,
        summed.oldest_rejected_us,
        cast(null as {{ dbt.type_string() }}) as unfinished_reason
    from summed
    inner join changed
        on summed.conversation_number = changed.conversation_number
)

select * from final
