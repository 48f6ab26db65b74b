-- Counts per day that the page adds up again for its filters: sessions by outcome, what came next, and scores in
-- millionths.
select
    started_date,
    source,
    channel,
    coalesce(brand, 'none') as brand,
    coalesce(bot_id, 'none') as bot,
    count(case when outcome = 'resolved' then 1 end) as resolved,
    count(case when outcome = 'timed_out' then 1 end) as timed_out,
    count(case when outcome = 'escalated' then 1 end) as escalated,
    count(case when outcome = 'open' then 1 end) as open,
    count(case when outcome = 'resolved' then is_recontacted_7d end) as resolved_known,
    count(case when outcome = 'resolved' and is_recontacted_7d and recontact_kind in ('human', 'handoff') then 1 end)
        as resolved_people,
    count(case when outcome = 'resolved' and is_recontacted_7d and recontact_kind in ('session', 'merged') then 1 end)
        as resolved_again,
    count(case when outcome = 'timed_out' then is_recontacted_7d end) as timed_out_known,
    count(case when outcome = 'timed_out' and is_recontacted_7d and recontact_kind in ('human', 'handoff') then 1 end)
        as timed_out_people,
    count(case when outcome = 'timed_out' and is_recontacted_7d and recontact_kind in ('session', 'merged') then 1 end)
        as timed_out_again,
    count(case when outcome = 'escalated' then is_recontacted_7d end) as escalated_known,
    count(case when outcome = 'escalated' and is_recontacted_7d and recontact_kind in ('human', 'handoff') then 1 end)
        as escalated_people,
    count(case when outcome = 'escalated' and is_recontacted_7d and recontact_kind in ('session', 'merged') then 1 end)
        as escalated_again,
    count(case when is_contained then csat_score end) as contained_rated,
    coalesce(sum(case when is_contained then cast(round(csat_score * 1e6) as bigint) end), 0) as contained_score,
    coalesce(sum(case when is_contained then cast(round(csat_score * csat_score * 1e6) as bigint) end), 0)
        as contained_square,
    count(case when outcome = 'escalated' then csat_score end) as escalated_rated,
    coalesce(sum(case when outcome = 'escalated' then cast(round(csat_score * 1e6) as bigint) end), 0)
        as escalated_score,
    coalesce(sum(case when outcome = 'escalated' then cast(round(csat_score * csat_score * 1e6) as bigint) end), 0)
        as escalated_square
from {{ ref('sessions') }}
group by started_date, source, channel, coalesce(brand, 'none'), coalesce(bot_id, 'none')
