-- Do customers whose session was contained come back, and more often after a silence than after a resolution? To whom?
-- Only sessions old enough to know are counted. Of unknown customers, only returns in the same conversation are seen.
select
    outcome,
    sum(matured_24h_sessions) as matured_24h_sessions,
    sum(recontacted_24h_sessions) as recontacted_24h_sessions,
    {{ ratio('sum(recontacted_24h_sessions)', 'sum(matured_24h_sessions)') }} as recontact_rate_24h,
    sum(matured_7d_sessions) as matured_7d_sessions,
    sum(recontacted_7d_sessions) as recontacted_7d_sessions,
    {{ ratio('sum(recontacted_7d_sessions)', 'sum(matured_7d_sessions)') }} as recontact_rate_7d,
    sum(recontacted_7d_human_sessions + recontacted_7d_handoff_sessions) as returned_to_people_7d_sessions,
    sum(recontacted_7d_session_sessions) as returned_to_a_session_7d_sessions,
    {{ ratio('sum(known_customer_7d_sessions)', 'sum(matured_7d_sessions)') }} as known_customer_rate_7d
from {{ ref('recontacts') }}
group by outcome
order by recontact_rate_7d desc
