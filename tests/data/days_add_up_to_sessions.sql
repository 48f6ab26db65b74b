-- The counts of all days sum to the counts of all sessions, and a day's outcomes sum to its closed sessions.
with

days as (
    select
        sum(closed_sessions) as closed_sessions,
        sum(open_sessions) as open_sessions,
        sum(contained_sessions) as contained_sessions,
        sum(matured_24h_sessions) as matured_24h_sessions,
        sum(durable_7d_sessions) as durable_7d_sessions,
        sum(escalated_sessions + resolved_sessions + timed_out_sessions) as outcome_sessions
    from {{ ref('containment_daily') }}
),

sessions as (
    select
        count(is_contained) as closed_sessions,
        count(*) - count(is_contained) as open_sessions,
        count(case when is_contained then 1 end) as contained_sessions,
        count(case when is_contained then is_recontacted_24h end) as matured_24h_sessions,
        count(case when is_contained and not is_recontacted_7d then 1 end) as durable_7d_sessions
    from {{ ref('sessions') }}
)

select days.*
from days
cross join sessions
where
    coalesce(days.closed_sessions, 0) <> sessions.closed_sessions
    or coalesce(days.open_sessions, 0) <> sessions.open_sessions
    or coalesce(days.contained_sessions, 0) <> sessions.contained_sessions
    or coalesce(days.matured_24h_sessions, 0) <> sessions.matured_24h_sessions
    or coalesce(days.durable_7d_sessions, 0) <> sessions.durable_7d_sessions
    or coalesce(days.outcome_sessions, 0) <> sessions.closed_sessions
