-- What the rate would be if silence ended a session sooner or later: over all channels, for the 20 with the most closed
-- sessions, and for all others together.
with

counted as (
    select
        channel,
        max(closed_sessions) as most_closed_sessions
    from {{ ref('timeout_sensitivity') }}
    where not is_every_channel
    group by channel
),

placed as (
    select
        channel,
        row_number() over (order by most_closed_sessions desc, channel asc) as place
    from counted
),

-- The row of all channels comes first. A channel may itself be named `*` or `others`.
compared as (
    select
        compared.channel,
        compared.timeout_minutes,
        compared.closed_sessions,
        compared.contained_sessions,
        compared.is_every_channel,
        case when compared.is_every_channel then 0 else placed.place end as place
    from {{ ref('timeout_sensitivity') }} as compared
    left join placed
        on compared.channel = placed.channel
),

summed as (
    select
        least(place, 21) as place,
        count(*) > 1 as is_rest,
        case
            when bool_or(is_every_channel) then 'all channels'
            when count(*) > 1 then format('others ({:,} channels)', count(*))
            else any_value(channel)
        end as channel,
        timeout_minutes,
        sum(closed_sessions) as closed_sessions,
        sum(contained_sessions) as contained_sessions
    from compared
    group by least(place, 21), timeout_minutes
)

select
    channel,
    timeout_minutes,
    is_rest,
    place,
    {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
    contained_sessions,
    closed_sessions
from summed
order by place, timeout_minutes
