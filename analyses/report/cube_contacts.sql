-- Counts per day that the page adds up again for its filters: contacts, and the scores of people's own conversations,
-- in millionths.
with

listed as (
    select
        started_date,
        source,
        channel,
        brand,
        contacts,
        bot_involved_sessions as with_bot,
        0 as people_closed,
        0 as people_rated,
        0 as people_score
    from {{ ref('demand') }}
    union all
    select
        started_date,
        source,
        channel,
        brand,
        0 as contacts,
        0 as with_bot,
        closed_segments as people_closed,
        rated_segments as people_rated,
        cast(round(csat_score_sum * 1e6) as bigint) as people_score
    from {{ ref('satisfaction') }}
    where outcome_group = 'human_only'
)

select
    started_date,
    source,
    channel,
    coalesce(brand, 'none') as brand,
    sum(contacts) as contacts,
    sum(with_bot) as with_bot,
    sum(people_closed) as people_closed,
    sum(people_rated) as people_rated,
    sum(people_score) as people_score
from listed
group by started_date, source, channel, coalesce(brand, 'none')
