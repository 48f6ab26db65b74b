with

segments as (
    select
        *,
        case
            when segment_kind = 'session' and is_contained then 'contained'
            when segment_kind = 'session' and not is_contained then 'escalated'
            when segment_kind = 'human' and outcome <> 'open' then 'human_only'
        end as outcome_group
    from {{ ref('segments') }}
),

counted as (
    select
        started_date,
        source,
        brand,
        channel,
        outcome_group,
        count(outcome_group) as closed_segments,
        count(csat_score) as rated_segments,
        {{ exact_sum('csat_score') }} as csat_score_sum
    from segments
    group by started_date, source, brand, channel, outcome_group
    having count(outcome_group) > 0
),

final as (
    select
        started_date,
        source,
        brand,
        channel,
        outcome_group,
        closed_segments,
        rated_segments,
        csat_score_sum,
        {{ ratio('rated_segments', 'closed_segments') }} as response_rate,
        {{ ratio('csat_score_sum', 'rated_segments') }} as csat_score
    from counted
)

select * from final
