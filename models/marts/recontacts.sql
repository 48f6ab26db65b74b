with

counted as (
    select
        started_date,
        channel,
        outcome,
        count(is_contained) as closed_sessions,
        count(is_recontacted_24h) as matured_24h_sessions,
        count(case when is_recontacted_24h then 1 end) as recontacted_24h_sessions,
        count(is_recontacted_7d) as matured_7d_sessions,
        count(case when is_recontacted_7d then 1 end) as recontacted_7d_sessions,
        count(case when is_recontacted_24h and recontact_kind = 'human' then 1 end) as recontacted_24h_human_sessions,
        count(case when is_recontacted_24h and recontact_kind = 'handoff' then 1 end)
            as recontacted_24h_handoff_sessions,
        count(case when is_recontacted_24h and recontact_kind = 'session' then 1 end)
            as recontacted_24h_session_sessions,
        count(case when is_recontacted_24h and recontact_kind = 'merged' then 1 end) as recontacted_24h_merged_sessions,
        count(case when is_recontacted_7d and recontact_kind = 'human' then 1 end) as recontacted_7d_human_sessions,
        count(case when is_recontacted_7d and recontact_kind = 'handoff' then 1 end) as recontacted_7d_handoff_sessions,
        count(case when is_recontacted_7d and recontact_kind = 'session' then 1 end) as recontacted_7d_session_sessions,
        count(case when is_recontacted_7d and recontact_kind = 'merged' then 1 end) as recontacted_7d_merged_sessions,
        count(case when is_recontacted_24h is not null then customer_id end) as known_customer_24h_sessions,
        count(case when is_recontacted_7d is not null then customer_id end) as known_customer_7d_sessions
    from {{ ref('sessions') }}
    group by started_date, channel, outcome
    -- Computed within each count: adding it to every session first takes DuckDB 50 % longer.
    having count(is_contained) > 0
),

final as (
    select
        *,
        {{ ratio('recontacted_24h_sessions', 'matured_24h_sessions') }} as recontact_rate_24h,
        {{ ratio('recontacted_7d_sessions', 'matured_7d_sessions') }} as recontact_rate_7d,
        {{ ratio('known_customer_24h_sessions', 'matured_24h_sessions') }} as known_customer_rate_24h,
        {{ ratio('known_customer_7d_sessions', 'matured_7d_sessions') }} as known_customer_rate_7d
    from counted
)

select * from final
