-- Coverage the other way: a segment's counts are those of its messages, and its clock is theirs.
with

counted as (
    select
        segment_id,
        count(*) as message_count,
        max(position_in_segment) as last_position,
        min(sent_at) as started_at,
        max(sent_at) as last_activity_at
    from {{ ref('messages') }}
    group by segment_id
)

select segments.segment_id
from {{ ref('segments') }} as segments
left join counted
    on segments.segment_id = counted.segment_id
where
    counted.segment_id is null
    or counted.message_count
    <> segments.customer_message_count + segments.bot_message_count + segments.agent_message_count
    or counted.last_position <> counted.message_count
    or counted.started_at <> segments.started_at
    or counted.last_activity_at <> segments.last_activity_at
