-- A contained session that is old enough either stayed contained or its customer came back.
with

recontacts as (
    select
        coalesce(sum(matured_24h_sessions), 0) as matured_24h_sessions,
        coalesce(sum(recontacted_24h_sessions), 0) as recontacted_24h_sessions,
        coalesce(sum(matured_7d_sessions), 0) as matured_7d_sessions,
        coalesce(sum(recontacted_7d_sessions), 0) as recontacted_7d_sessions
    from {{ ref('recontacts') }}
    where outcome <> 'escalated'
),

days as (
    select
        coalesce(sum(matured_24h_sessions), 0) as matured_24h_sessions,
        coalesce(sum(durable_24h_sessions), 0) as durable_24h_sessions,
        coalesce(sum(matured_7d_sessions), 0) as matured_7d_sessions,
        coalesce(sum(durable_7d_sessions), 0) as durable_7d_sessions
    from {{ ref('containment_daily') }}
)

select recontacts.*
from recontacts
cross join days
where
    recontacts.matured_24h_sessions <> days.matured_24h_sessions
    or recontacts.matured_7d_sessions <> days.matured_7d_sessions
    or recontacts.recontacted_24h_sessions <> days.matured_24h_sessions - days.durable_24h_sessions
    or recontacts.recontacted_7d_sessions <> days.matured_7d_sessions - days.durable_7d_sessions
