-- Each step of the funnel is at most the step before it, and its closed sessions are all closed sessions.
with

in_order as (
    select
        channel,
        step,
        conversation_count,
        segment_count,
        lag(conversation_count) over (partition by channel order by step_number) as previous_conversation_count,
        lag(segment_count) over (partition by channel order by step_number) as previous_segment_count
    from {{ ref('containment_funnel') }}
),

closed as (
    select coalesce(sum(segment_count), 0) as closed_sessions
    from {{ ref('containment_funnel') }}
    where step = 'closed'
),

days as (
    select coalesce(sum(closed_sessions), 0) as closed_sessions from {{ ref('containment_daily') }}
)

select
    channel,
    step
from in_order
where conversation_count > previous_conversation_count or segment_count > previous_segment_count
union all
select
    'every channel' as channel,
    'closed' as step
from closed
cross join days
where closed.closed_sessions <> days.closed_sessions
