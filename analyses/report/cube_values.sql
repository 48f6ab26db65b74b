-- Counts per day that the page adds up again for its filters: sessions by topic and by each attribute. A session
-- without a value is in the row of none; one with several is in the row of each.
with

attributes as (
    select distinct attribute from {{ ref('session_attributes') }}
),

values_added as (
    select
        sessions.*,
        'topic' as attribute,
        coalesce(sessions.topic, 'none') as value
    from {{ ref('sessions') }} as sessions
    union all
    select
        sessions.*,
        attributes.attribute,
        coalesce(given.value, 'none') as value
    from {{ ref('sessions') }} as sessions
    cross join attributes
    left join {{ ref('session_attributes') }} as given
        on
            sessions.session_id = given.session_id
            and attributes.attribute = given.attribute
)

select
    attribute,
    started_date,
    source,
    channel,
    coalesce(brand, 'none') as brand,
    coalesce(bot_id, 'none') as bot,
    value,
    count(case when outcome = 'resolved' then 1 end) as resolved,
    count(case when outcome = 'timed_out' then 1 end) as timed_out,
    count(case when outcome = 'escalated' then 1 end) as escalated,
    count(case when outcome = 'open' then 1 end) as open,
    count(case when is_contained then is_recontacted_7d end) as contained_known,
    count(case when is_contained and not is_recontacted_7d then 1 end) as contained_nothing
from values_added
group by attribute, started_date, source, channel, coalesce(brand, 'none'), coalesce(bot_id, 'none'), value
