-- How much of all demand does the bot take part in, and how much does it settle alone? By channel, beside what is
-- contained of the sessions: a bot that sees one contact in twenty cannot look perfect.
with

contained as (
    select
        channel,
        sum(contained_sessions) as contained_sessions,
        sum(closed_sessions) as closed_sessions
    from {{ ref('containment_daily') }}
    group by channel
),

demand as (
    select
        channel,
        sum(contacts) as contacts,
        sum(bot_involved_sessions) as bot_involved_sessions,
        sum(closed_contacts) as closed_contacts,
        sum(automated_sessions) as automated_sessions
    from {{ ref('demand') }}
    group by channel
)

-- Left join: a channel may have no session.
select
    demand.channel,
    demand.contacts,
    {{ ratio('demand.bot_involved_sessions', 'demand.contacts') }} as coverage_rate,
    {{ ratio('contained.contained_sessions', 'contained.closed_sessions') }} as containment_rate,
    {{ ratio('demand.automated_sessions', 'demand.closed_contacts') }} as automation_rate_of_demand
from demand
left join contained
    on demand.channel = contained.channel
order by demand.contacts desc, demand.channel asc
