-- Every segment's session exists: the one that it is, or whose escalation it handles.
with

segments as (
    select
        segment_id,
        session_id
    from {{ ref('segments') }}
    where session_id is not null and {{ is_judged('segments') }}
)

select segments.*
from segments
left join {{ ref('sessions') }} as sessions
    on segments.session_id = sessions.session_id
where sessions.session_id is null
