-- Do customers whose session was contained come back, and more often after a silence than after a resolution?
-- Only sessions old enough to know are counted.
select
    outcome,
    sum(matured_24h_sessions) as matured_24h_sessions,
    sum(recontacted_24h_sessions) as recontacted_24h_sessions,
    {{ ratio('sum(recontacted_24h_sessions)', 'sum(matured_24h_sessions)') }} as recontact_rate_24h,
    sum(matured_7d_sessions) as matured_7d_sessions,
    sum(recontacted_7d_sessions) as recontacted_7d_sessions,
    {{ ratio('sum(recontacted_7d_sessions)', 'sum(matured_7d_sessions)') }} as recontact_rate_7d
from {{ ref('recontacts') }}
group by outcome
order by recontact_rate_7d desc
