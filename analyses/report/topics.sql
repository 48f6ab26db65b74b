-- By how many points the headline would change without a topic, over all sessions: the 20 topics with the greatest
-- change, and one row for all others together.
with

placed as (
    select
        *,
        row_number() over (order by abs(impact) desc nulls last, topic asc) as place
    from {{ ref('topics') }}
    where period_kind = 'all'
),

-- A topic may itself be named `others`, so is_rest marks the row of sums. A single remaining topic keeps its name.
summed as (
    select
        min(place) as place,
        count(*) > 1 as is_rest,
        case when count(*) > 1 then format('others ({:,} topics)', count(*)) else any_value(topic) end as topic,
        sum(closed_sessions) as closed_sessions,
        sum(contained_sessions) as contained_sessions,
        max(headline_closed_sessions) as headline_closed_sessions,
        max(headline_contained_sessions) as headline_contained_sessions
    from placed
    group by least(place, 21)
),

rates_added as (
    select
        *,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
        {{ ratio('headline_contained_sessions', 'headline_closed_sessions') }} as headline_containment_rate,
        {{ ratio(
            '(headline_contained_sessions - contained_sessions)', '(headline_closed_sessions - closed_sessions)'
        ) }} as containment_rate_without
    from summed
)

select
    topic,
    is_rest,
    closed_sessions,
    contained_sessions,
    containment_rate,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
    {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
    containment_rate_without as other_topics_containment_rate,
    100 * (containment_rate_without - headline_containment_rate) as headline_change
from rates_added
order by place
