-- Coverage the other way: a segment's counts and times are those of its messages, and its messages have its kind and
-- session. No message names a missing segment.
with

counted as (
    select
        segment_id,
        count(*) as message_count,
        max(position_in_segment) as last_position,
        min(sent_at) as started_at,
        max(sent_at) as last_activity_at,
        min(segment_kind) as segment_kind,
        max(segment_kind) as last_segment_kind,
        count(session_id) as message_count_of_session,
        min(session_id) as session_id,
        max(session_id) as last_session_id
    from {{ ref('messages') }}
    where {{ is_judged('messages') }}
    group by segment_id
),

segments as (
    select * from {{ ref('segments') }}
    where {{ is_judged('segments') }}
)

select coalesce(segments.segment_id, counted.segment_id) as segment_id
from segments
full outer join counted
    on segments.segment_id = counted.segment_id
where
    segments.segment_id is null
    or counted.segment_id is null
    or counted.message_count
    <> segments.customer_message_count + segments.bot_message_count + segments.agent_message_count
    or counted.last_position <> counted.message_count
    or counted.started_at <> segments.started_at
    or counted.last_activity_at <> segments.last_activity_at
    or counted.segment_kind <> segments.segment_kind
    or counted.last_segment_kind <> segments.segment_kind
    or counted.message_count_of_session not in (0, counted.message_count)
    or counted.session_id is distinct from segments.session_id
    or counted.last_session_id is distinct from segments.session_id
