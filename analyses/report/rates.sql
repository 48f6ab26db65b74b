-- Every rate of the definition over all days, beside its numerator and denominator.
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

demand as (
    select
        sum(contacts) as contacts,
        sum(bot_involved_sessions) as bot_involved_contacts,
        sum(closed_contacts) as closed_contacts,
        sum(automated_sessions) as automated_sessions
    from {{ ref('demand') }}
),

rates as (
    select
        rates.place,
        rates.rate_name,
        rates.what
    from (
        values
        (1, 'containment rate', 'resolved or timed out / closed'),
        (2, 'escalation rate', 'escalated / closed'),
        (3, 'resolution rate', 'resolved / closed'),
        (4, 'timeout rate', 'timed out / closed'),
        (5, 'bot containment rate', 'contained / closed, with a bot message'),
        (6, 'automation rate', 'contained with a bot and without an agent message / closed'),
        (7, 'durable containment rate, 24 h', 'not back within 24 hours / contained and old enough to know'),
        (8, 'durable containment rate, 7 days', 'not back within 7 days / contained and old enough to know'),
        (9, 'coverage rate', 'with a bot message / sessions and contacts without a bot, open ones too'),
        (10, 'automation rate of demand', 'contained with a bot and without an agent message / closed contacts')
    ) as rates (place, rate_name, what)
),

listed as (
    select
        rates.place,
        rates.rate_name,
        rates.what,
        case rates.place
            when 1 then counted.contained_sessions
            when 2 then counted.escalated_sessions
            when 3 then counted.resolved_sessions
            when 4 then counted.timed_out_sessions
            when 5 then counted.bot_contained_sessions
            when 6 then counted.automated_sessions
            when 7 then counted.durable_24h_sessions
            when 8 then counted.durable_7d_sessions
            when 9 then demand.bot_involved_contacts
            when 10 then demand.automated_sessions
        end as sessions,
        case rates.place
            when 5 then counted.bot_involved_sessions
            when 7 then counted.matured_24h_sessions
            when 8 then counted.matured_7d_sessions
            when 9 then demand.contacts
            when 10 then demand.closed_contacts
            else counted.closed_sessions
        end as of_sessions
    from rates
    cross join counted
    cross join demand
)

select
    rate_name,
    {{ ratio('sessions', 'of_sessions') }} as session_rate,
    {{ wilson_bound('sessions', 'of_sessions', '-') }} as session_rate_low,
    {{ wilson_bound('sessions', 'of_sessions', '+') }} as session_rate_high,
    sessions,
    of_sessions,
    what
from listed
where of_sessions is not null
order by place
