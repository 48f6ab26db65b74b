-- Two tables that are kept by different keys, conversation and customer, hold the same sessions.
with

sessions_of_segments as (
    select * from {{ ref('int_kept_segments') }}
    where segment_kind = 'session'
)

select coalesce(segments.session_id, sessions.session_id) as session_id
from sessions_of_segments as segments
full outer join {{ ref('int_kept_sessions') }} as sessions
    on segments.session_id = sessions.session_id
where
    segments.session_id is null
    or sessions.session_id is null
    or segments.customer_id is distinct from sessions.customer_id
    or segments.started_us <> sessions.started_us
    or segments.final_ended_us <> sessions.final_ended_us
    or segments.final_outcome <> sessions.final_outcome
