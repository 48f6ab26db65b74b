with

sessions as (
    select
        *,
        outcome <> 'open' as is_closed,
        is_contained and is_bot_involved and not is_human_involved as is_automated
    from {{ ref('sessions') }}
),

counted as (
    select
        started_date,
        source,
        brand,
        channel,
        coalesce(bot_id, 'none') as bot_id,
        count(case when is_closed then 1 end) as closed_sessions,
        count(case when not is_closed then 1 end) as open_sessions,
        count(case when is_contained then 1 end) as contained_sessions,
        count(case when outcome = 'escalated' then 1 end) as escalated_sessions,
        count(case when outcome = 'resolved' then 1 end) as resolved_sessions,
        count(case when outcome = 'timed_out' then 1 end) as timed_out_sessions,
        count(case when is_closed and is_bot_involved then 1 end) as bot_involved_sessions,
        count(case when not is_closed and is_bot_involved then 1 end) as open_bot_involved_sessions,
        count(case when is_contained and is_bot_involved then 1 end) as bot_contained_sessions,
        count(case when is_automated then 1 end) as automated_sessions,
        count(case when is_contained and is_recontacted_24h is not null then 1 end) as matured_24h_sessions,
        count(case when is_contained and not is_recontacted_24h then 1 end) as durable_24h_sessions,
        count(case when is_contained and is_recontacted_7d is not null then 1 end) as matured_7d_sessions,
        count(case when is_contained and not is_recontacted_7d then 1 end) as durable_7d_sessions,
        count(case when is_contained and is_recontacted_24h is not null then customer_id end)
            as known_customer_24h_sessions,
        count(case when is_contained and is_recontacted_7d is not null then customer_id end)
            as known_customer_7d_sessions,
        count(case when is_closed then csat_score end) as rated_sessions,
        count(case when is_contained then csat_score end) as rated_contained_sessions,
        count(case when outcome = 'escalated' then csat_score end) as rated_escalated_sessions,
        {{ exact_sum("case when is_closed then csat_score end") }} as csat_score_sum,
        {{ exact_sum("case when is_contained then csat_score end") }} as contained_csat_score_sum,
        {{ exact_sum("case when outcome = 'escalated' then csat_score end") }} as escalated_csat_score_sum
    from sessions
    group by started_date, source, brand, channel, coalesce(bot_id, 'none')
),

final as (
    select
        *,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
        {{ ratio('escalated_sessions', 'closed_sessions') }} as escalation_rate,
        {{ ratio('resolved_sessions', 'closed_sessions') }} as resolution_rate,
        {{ ratio('timed_out_sessions', 'closed_sessions') }} as timeout_rate,
        {{ ratio('bot_contained_sessions', 'bot_involved_sessions') }} as bot_containment_rate,
        {{ ratio('automated_sessions', 'closed_sessions') }} as automation_rate,
        {{ ratio('durable_24h_sessions', 'matured_24h_sessions') }} as durable_containment_rate_24h,
        {{ ratio('durable_7d_sessions', 'matured_7d_sessions') }} as durable_containment_rate_7d,
        {{ ratio('known_customer_24h_sessions', 'matured_24h_sessions') }} as known_customer_rate_24h,
        {{ ratio('known_customer_7d_sessions', 'matured_7d_sessions') }} as known_customer_rate_7d,
        {{ ratio('rated_sessions', 'closed_sessions') }} as response_rate,
        {{ ratio('csat_score_sum', 'rated_sessions') }} as csat_score,
        {{ ratio('contained_csat_score_sum', 'rated_contained_sessions') }} as contained_csat_score,
        {{ ratio('escalated_csat_score_sum', 'rated_escalated_sessions') }} as escalated_csat_score
    from counted
)

select * from final
