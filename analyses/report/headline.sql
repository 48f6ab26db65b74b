-- The headline: contained / closed sessions over all days, with its 95 % Wilson interval, beside the share of all
-- contacts that the bot takes part in.
with

counted as (
    select
        coalesce(sum(contained_sessions), 0) as contained_sessions,
        coalesce(sum(closed_sessions), 0) as closed_sessions,
        coalesce(sum(open_sessions), 0) as open_sessions
    from {{ ref('containment_daily') }}
),

excluded as (
    select count(case when segment_kind = 'excluded' then 1 end) as excluded_segments
    from {{ ref('segments') }}
),

demand as (
    select
        coalesce(sum(contacts), 0) as contacts,
        coalesce(sum(bot_involved_sessions), 0) as bot_involved_contacts
    from {{ ref('demand') }}
)

select
    counted.contained_sessions,
    counted.closed_sessions,
    counted.open_sessions,
    excluded.excluded_segments,
    {{ ratio('counted.contained_sessions', 'counted.closed_sessions') }} as containment_rate,
    {{ wilson_bound('counted.contained_sessions', 'counted.closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('counted.contained_sessions', 'counted.closed_sessions', '+') }} as containment_rate_high,
    demand.bot_involved_contacts,
    demand.contacts,
    {{ ratio('demand.bot_involved_contacts', 'demand.contacts') }} as coverage_rate
from counted
cross join excluded
cross join demand
