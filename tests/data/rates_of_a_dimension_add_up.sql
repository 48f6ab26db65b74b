-- The control charts count what the other marts count: each dimension holds every session once, and every contact.
with

whole as (
    select
        coalesce(sum(closed_sessions), 0) as closed_sessions,
        coalesce(sum(contained_sessions), 0) as contained_sessions,
        coalesce(sum(resolved_sessions), 0) as resolved_sessions,
        coalesce(sum(open_sessions), 0) as open_sessions
    from {{ ref('containment_daily') }}
),

all_demand as (
    select
        coalesce(sum(contacts), 0) as contacts,
        coalesce(sum(bot_involved_sessions), 0) as bot_involved_contacts
    from {{ ref('demand') }}
),

dimensions as (
    select
        dimension,
        rate_name,
        sum(counted) as counted,
        sum(base_count) as base_count,
        sum(open_count) as open_count
    from {{ ref('int_rate_days') }}
    where dimension in ('all', 'source', 'brand', 'channel', 'bot', 'topic')
    group by dimension, rate_name
)

select dimensions.*
from dimensions
cross join whole
cross join all_demand
where
    dimensions.counted <> case dimensions.rate_name
        when 'containment_rate' then whole.contained_sessions
        when 'resolution_rate' then whole.resolved_sessions
        when 'coverage_rate' then all_demand.bot_involved_contacts
    end
    or dimensions.base_count <> case dimensions.rate_name
        when 'coverage_rate' then all_demand.contacts
        else whole.closed_sessions
    end
    or dimensions.open_count <> case dimensions.rate_name when 'coverage_rate' then 0 else whole.open_sessions end
