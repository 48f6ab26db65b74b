with

named_types as (
    select event_type
    from {{ ref('event_types') }}
    where source = 'copilot_studio'
),

-- The vendor's verdict on each of its sessions. The reason alone may say that the session was handed over, whatever the
-- outcome says. A transfer reason without a row of its own takes the row of its kind.
session_ends as (
    select
        activity_id as event_id,
        conversation_id,
        case
            when
                lower(outcome_reason) like 'agenttransfer%'
                and concat('session_', lower(outcome_reason)) in (select named_types.event_type from named_types)
                then concat('session_', lower(outcome_reason))
            when lower(outcome_reason) like 'agenttransfer%' then 'session_agenttransfer'
            when lower(session_outcome) = 'resolved' and is_implied_success then 'session_resolved_implied'
            else concat('session_', lower(session_outcome))
        end as event_type,
        -- If the end is not a time, the verdict takes the time at which it was written, so that it is not lost.
        coalesce(
            case when {{ utc_timestamp('session_ended_at') }} is not null then session_ended_at end,
            happened_at,
            session_ended_at
        ) as occurred_at,
        cast(null as varchar) as author_role,
        outcome_reason as reason,
        loaded_at
    from {{ ref('stg_copilot_studio__activities') }}
    where lower(value_type) = 'sessioninfo'
),

-- The reason for a handoff is in the session's verdict, which comes after the handoff.
reasoned_activities as (
    select
        *,
        first_value(outcome_reason ignore nulls) over (
            partition by transcript_id
            order by activity_number
            rows between current row and unbounded following
        ) as next_reason
    from {{ ref('stg_copilot_studio__activities') }}
),

-- Other events count if seeds/event_types.csv names them, and so does every activity of the type handoff.
named_activities as (
    select
        *,
        case
            when activity_type = 'trace' then concat('trace_', lower(value_type))
            when activity_type = 'event' then activity_name
            when lower(activity_name) in (select named_types.event_type from named_types) then activity_name
            else 'handoff'
        end as event_type
    from reasoned_activities
    where activity_type in ('event', 'trace', 'handoff')
),

named_events as (
    select
        activity_id as event_id,
        conversation_id,
        event_type,
        happened_at as occurred_at,
        author_role,
        case when lower(next_reason) like 'agenttransfer%' then next_reason end as reason,
        loaded_at
    from named_activities
    where
        activity_type = 'handoff'
        or lower(event_type) in (select named_types.event_type from named_types)
),

events as (
    select * from session_ends
    union all
    select * from named_events
),

final as (
    select
        events.event_id,
        events.conversation_id,
        events.event_type,
        events.occurred_at,
        case
            when authors.author_type in ('bot', 'customer') then authors.author_type
        end as actor_type,
        events.reason,
        events.loaded_at
    from events
    left join {{ ref('copilot_studio_authors') }} as authors
        on events.author_role = authors.role
)

select * from final
