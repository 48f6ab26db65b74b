-- The findings are counted here, so that the raw rows can be dropped before the conversations are cut.
with

unreadable_load_times as (
    select conversation_number
    from {{ ref('int_changed_conversation_rows') }}
    where unreadable_loaded_at is not null
    union all
    select conversation_number
    from {{ ref('int_changed_message_rows') }}
    where unreadable_loaded_at is not null
    union all
    select conversation_number
    from {{ ref('int_changed_event_rows') }}
    where unreadable_loaded_at is not null
),

written_ids as (
    select
        conversation_number,
        id_finding
    from {{ ref('int_changed_conversation_rows') }}
    union all
    select
        conversation_number,
        id_finding
    from {{ ref('int_changed_message_rows') }}
    union all
    select
        conversation_number,
        id_finding
    from {{ ref('int_changed_event_rows') }}
),

findings as (
    select
        conversation_number,
        'internal_notes' as finding
    from {{ ref('int_deduplicated_messages') }}
    where not is_public
    union all
    select
        conversation_number,
        'system_messages' as finding
    from {{ ref('int_deduplicated_messages') }}
    where author_type = 'system'
    union all
    select
        conversation_number,
        'events_of_unmapped_type' as finding
    from {{ ref('int_deduplicated_events') }}
    where boundary is null
    union all
    select
        conversation_number,
        'unreadable_load_times' as finding
    from unreadable_load_times
    union all
    -- Rows with an inexact id are rejected and counted there.
    select
        conversation_number,
        id_finding as finding
    from written_ids
    where id_finding in ('ids_of_whole_numbers', 'ids_with_blanks')
),

final as (
    select
        conversation_number,
        finding,
        count(*) as row_count
    from findings
    group by conversation_number, finding
)

select * from final
