-- The last ten runs, failed ones too.
select
    started_at,
    outcome,
    as_of as silence_judged_at,
    rows_read,
    conversations_cut,
    closed_sessions,
    containment_rate,
    containment_rate_change,
    rules_version,
    message
from {{ ref('run_log') }}
order by run_id desc
limit 10
