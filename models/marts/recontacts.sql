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
        count(case when is_recontacted_7d then 1 end) as recontacted_7d_sessions
    from {{ ref('sessions') }}
    group by started_date, channel, outcome
    -- Of what is counted, not of each session: asked of all of them first, DuckDB takes half as long again.
    having count(is_contained) > 0
),

final as (
    select
        *,
        {{ ratio('recontacted_24h_sessions', 'matured_24h_sessions') }} as recontact_rate_24h,
        {{ ratio('recontacted_7d_sessions', 'matured_7d_sessions') }} as recontact_rate_7d
    from counted
)

select * from final
