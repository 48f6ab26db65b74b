-- Why sessions are escalated, by whom, and how long the customer waits for a person; at most 50 rows.
with

counted as (
    select
        coalesce(escalation_reason, 'not given') as escalation_reason,
        coalesce(escalated_by, 'unknown') as escalated_by,
        count(*) as escalated_sessions,
        count(case when is_answered then 1 end) as answered_sessions,
        median(wait_seconds) as median_wait_seconds,
        quantile_cont(wait_seconds, 0.9) as ninth_decile_wait_seconds
    from {{ ref('escalations') }}
    group by coalesce(escalation_reason, 'not given'), coalesce(escalated_by, 'unknown')
)

select
    escalation_reason,
    escalated_by,
    escalated_sessions,
    {{ ratio('escalated_sessions', 'sum(escalated_sessions) over ()') }} as escalated_session_share,
    answered_sessions,
    median_wait_seconds,
    ninth_decile_wait_seconds
from counted
order by escalated_sessions desc, escalation_reason asc, escalated_by asc
limit 50
