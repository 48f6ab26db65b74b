-- Why sessions are escalated, by whom, and how long the customer waits for a person: the 20 most frequent pairs of
-- reason and actor, and all others in one row.
with

named as (
    select
        coalesce(escalation_reason, 'not given') as escalation_reason,
        coalesce(escalated_by, 'unknown') as escalated_by,
        is_answered,
        wait_seconds
    from {{ ref('escalations') }}
),

counted as (
    select
        escalation_reason,
        escalated_by,
        count(*) as escalated_sessions
    from named
    group by escalation_reason, escalated_by
),

placed as (
    select
        escalation_reason,
        escalated_by,
        row_number() over (order by escalated_sessions desc, escalation_reason asc, escalated_by asc) as place
    from counted
),

-- Computed over the sessions, because a median of medians is not a median.
-- A reason may itself be named `others`, so is_rest marks the row for all others. A single remaining row keeps its
-- name.
summed as (
    select
        count(distinct placed.place) > 1 as is_rest,
        case
            when count(distinct placed.place) > 1 then format('others ({:,} pairs)', count(distinct placed.place))
            else any_value(named.escalation_reason)
        end as escalation_reason,
        case when count(distinct placed.place) = 1 then any_value(named.escalated_by) end as escalated_by,
        count(*) as escalated_sessions,
        count(case when named.is_answered then 1 end) as answered_sessions,
        median(named.wait_seconds) as median_wait_seconds,
        quantile_cont(named.wait_seconds, 0.9) as ninth_decile_wait_seconds
    from named
    inner join placed
        on
            named.escalation_reason = placed.escalation_reason
            and named.escalated_by = placed.escalated_by
    group by least(placed.place, 21)
)

select
    escalation_reason,
    escalated_by,
    is_rest,
    escalated_sessions,
    {{ ratio('escalated_sessions', 'sum(escalated_sessions) over ()') }} as escalated_session_share,
    answered_sessions,
    median_wait_seconds,
    ninth_decile_wait_seconds
from summed
order by is_rest asc, escalated_sessions desc, escalation_reason asc, escalated_by asc
