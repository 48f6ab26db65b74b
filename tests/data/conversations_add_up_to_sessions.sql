-- Every session is counted once in its conversation.
with

conversations as (
    select
        coalesce(sum(session_count), 0) as session_count,
        coalesce(sum(closed_session_count), 0) as closed_session_count,
        coalesce(sum(contained_session_count), 0) as contained_session_count,
        coalesce(sum(segment_count), 0) as segment_count
    from {{ ref('conversations') }}
),

sessions as (
    select
        count(*) as session_count,
        count(is_contained) as closed_session_count,
        count(case when is_contained then 1 end) as contained_session_count
    from {{ ref('sessions') }}
),

segments as (
    select count(*) as segment_count from {{ ref('segments') }}
)

select conversations.*
from conversations
cross join sessions
cross join segments
where
    conversations.session_count <> sessions.session_count
    or conversations.closed_session_count <> sessions.closed_session_count
    or conversations.contained_session_count <> sessions.contained_session_count
    or conversations.segment_count <> segments.segment_count
