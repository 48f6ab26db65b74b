-- The session that a segment is, or whose escalation it handles.
select
    segments.segment_id,
    segments.session_id
from {{ ref('segments') }} as segments
left join {{ ref('sessions') }} as sessions
    on segments.session_id = sessions.session_id
where
    segments.session_id is not null
    and sessions.session_id is null
    and {{ is_judged('segments') }}
