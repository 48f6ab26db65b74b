with

counted as (
    select
        started_date,
        channel,
        outcome,
        count(*) as closed_sessions,
        count(is_recontacted_24h) as matured_24h_sessions,
        count(case when is_recontacted_24h then 1 end) as recontacted_24h_sessions,
        count(is_recontacted_7d) as matured_7d_sessions,
        count(case when is_recontacted_7d then 1 end) as recontacted_7d_sessions
    from {{ ref('sessions') }}
    where outcome <> 'open'
    group by started_date, channel, outcome
),

final as (
    select
        *,
        {{ ratio('recontacted_24h_sessions', 'matured_24h_sessions') }} as recontact_rate_24h,
        {{ ratio('recontacted_7d_sessions', 'matured_7d_sessions') }} as recontact_rate_7d
    from counted
)

select * from final
