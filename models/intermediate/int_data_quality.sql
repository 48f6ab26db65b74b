{{ config(materialized='view') }}

with

-- Found in the timeline, but in no segment, for segments start with the first activity.
unused_terminal_events as (
    select events.source
    from {{ ref('int_event_boundaries') }} as events
    inner join {{ ref('int_conversations') }} as conversations
        on
            events.source = conversations.source
            and events.conversation_id = conversations.conversation_id
    left join {{ ref('int_segments') }} as segments
        on
            conversations.conversation_number = segments.conversation_number
            and segments.segment_number = 1
    where
        events.boundary in ('resolved', 'escalated')
        and (segments.started_us is null or {{ epoch_us('events.occurred_at') }} < segments.started_us)
),

unreadable_load_times as (
    select source
    from {{ ref('stg_conversations') }}
    where unreadable_loaded_at is not null
    union all
    select source
    from {{ ref('stg_messages') }}
    where unreadable_loaded_at is not null
    union all
    select source
    from {{ ref('stg_events') }}
    where unreadable_loaded_at is not null
),

findings as (
    select
        source,
        'internal_notes' as finding
    from {{ ref('int_messages') }}
    where not is_public
    union all
    select
        source,
        'system_messages' as finding
    from {{ ref('int_messages') }}
    where author_type = 'system'
    union all
    select
        source,
        'events_of_unmapped_type' as finding
    from {{ ref('int_event_boundaries') }}
    where boundary is null
    union all
    select
        source,
        'terminal_events_before_first_activity' as finding
    from unused_terminal_events
    union all
    select
        source,
        'conversations_without_row' as finding
    from {{ ref('int_conversations') }}
    where is_orphan
    union all
    select
        source,
        'conversations_without_channel' as finding
    from {{ ref('int_conversations') }}
    where not is_orphan and channel = 'unknown'
    union all
    select
        source,
        'conversations_of_channel_without_policy' as finding
    from {{ ref('int_conversations') }}
    where channel <> 'unknown' and not has_channel_policy
    union all
    select
        source,
        'conversations_without_customer' as finding
    from {{ ref('int_conversations') }}
    where customer_id is null
    union all
    select
        source,
        'unreadable_load_times' as finding
    from unreadable_load_times
),

final as (
    select
        source,
        finding,
        count(*) as row_count
    from findings
    group by source, finding
)

select * from final
