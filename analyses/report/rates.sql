-- Every rate of the definition over all days, beside the two counts that it is made of.
with

counted as (
    select
        sum(closed_sessions) as closed_sessions,
        sum(contained_sessions) as contained_sessions,
        sum(escalated_sessions) as escalated_sessions,
        sum(resolved_sessions) as resolved_sessions,
        sum(timed_out_sessions) as timed_out_sessions,
        sum(bot_involved_sessions) as bot_involved_sessions,
        sum(bot_contained_sessions) as bot_contained_sessions,
        sum(automated_sessions) as automated_sessions,
        sum(matured_24h_sessions) as matured_24h_sessions,
        sum(durable_24h_sessions) as durable_24h_sessions,
        sum(matured_7d_sessions) as matured_7d_sessions,
        sum(durable_7d_sessions) as durable_7d_sessions
    from {{ ref('containment_daily') }}
),

listed as (
    select
        1 as place,
        'containment rate' as rate_name,
        'resolved or timed out / closed' as what,
        contained_sessions as sessions,
        closed_sessions as of_sessions
    from counted
    union all
    select 2, 'escalation rate', 'escalated / closed', escalated_sessions, closed_sessions from counted
    union all
    select 3, 'resolution rate', 'resolved / closed', resolved_sessions, closed_sessions from counted
    union all
    select 4, 'timeout rate', 'timed out / closed', timed_out_sessions, closed_sessions from counted
    union all
    select 5, 'bot containment rate', 'contained / closed, with a bot message', bot_contained_sessions,
        bot_involved_sessions
    from counted
    union all
    select 6, 'automation rate', 'contained with a bot and without an agent message / closed', automated_sessions,
        closed_sessions
    from counted
    union all
    select 7, 'durable containment rate, 24 h', 'not back within 24 hours / contained and old enough to know',
        durable_24h_sessions, matured_24h_sessions
    from counted
    union all
    select 8, 'durable containment rate, 7 days', 'not back within 7 days / contained and old enough to know',
        durable_7d_sessions, matured_7d_sessions
    from counted
)

select
    rate_name,
    what,
    sessions,
    of_sessions,
    {{ ratio('sessions', 'of_sessions') }} as session_rate,
    {{ wilson_bound('sessions', 'of_sessions', '-') }} as session_rate_low,
    {{ wilson_bound('sessions', 'of_sessions', '+') }} as session_rate_high
from listed
where of_sessions is not null
order by place
