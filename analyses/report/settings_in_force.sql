-- The settings behind these numbers.
select
    as_of as silence_judged_at,
    not_after as usable_until_a_day_after_at,
    reporting_timezone,
    session_scope,
    after_escalation,
    courtesy_minutes,
    infer_takeovers,
    sources,
    rules_version
from {{ ref('settings') }}
