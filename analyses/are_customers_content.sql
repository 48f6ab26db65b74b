-- Are customers as satisfied with contained sessions as with escalated ones, and as with people alone? Few answer, so
-- the response rate stands beside.
select
    outcome_group,
    sum(closed_segments) as closed_segments,
    sum(rated_segments) as rated_segments,
    {{ ratio('sum(rated_segments)', 'sum(closed_segments)') }} as response_rate,
    {{ ratio('sum(csat_score_sum)', 'sum(rated_segments)') }} as csat_score
from {{ ref('satisfaction') }}
group by outcome_group
order by outcome_group
