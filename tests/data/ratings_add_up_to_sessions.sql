-- Every counted rating is the csat_score of exactly one session or other segment. The closed sessions with a rating sum
-- to those of containment_daily and satisfaction.
with

ratings as (
    select
        count(case when session_id is not null then 1 end) as rated_sessions,
        count(case when session_id is null then 1 end) as rated_other_segments
    from {{ ref('ratings') }}
    where is_counted
),

sessions as (
    select
        count(csat_score) as rated_sessions,
        count(case when outcome <> 'open' then csat_score end) as rated_closed_sessions,
        count(is_contained) as closed_sessions
    from {{ ref('sessions') }}
),

segments as (
    select
        count(case when segment_kind = 'session' then csat_score end) as rated_sessions,
        count(case when segment_kind <> 'session' then csat_score end) as rated_other_segments
    from {{ ref('segments') }}
),

days as (
    select
        coalesce(sum(rated_sessions), 0) as rated_sessions,
        coalesce(sum(rated_contained_sessions + rated_escalated_sessions), 0) as rated_outcome_sessions
    from {{ ref('containment_daily') }}
),

satisfaction as (
    select
        coalesce(sum(rated_segments), 0) as rated_sessions,
        coalesce(sum(closed_segments), 0) as closed_sessions
    from {{ ref('satisfaction') }}
    where outcome_group in ('contained', 'escalated')
)

select
    ratings.rated_sessions,
    ratings.rated_other_segments
from ratings
cross join sessions
cross join segments
cross join days
cross join satisfaction
where
    ratings.rated_sessions <> sessions.rated_sessions
    or ratings.rated_sessions <> segments.rated_sessions
    or ratings.rated_other_segments <> segments.rated_other_segments
    or days.rated_sessions <> sessions.rated_closed_sessions
    or days.rated_outcome_sessions <> sessions.rated_closed_sessions
    or satisfaction.rated_sessions <> sessions.rated_closed_sessions
    or satisfaction.closed_sessions <> sessions.closed_sessions
