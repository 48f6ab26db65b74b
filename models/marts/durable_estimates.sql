-- Rule 8: the product-limit estimate (Kaplan and Meier, 1958) of the share of contained sessions that last 7 days, with
-- Greenwood's standard error. Sessions too young to know count for as long as they are known.
with

summed as (
    select
        period_kind,
        period_start_date,
        dimension,
        dimension_value,
        cast(max(at_risk_sessions) as bigint) as contained_sessions,
        cast(sum(matured_sessions) as bigint) as matured_7d_sessions,
        cast(sum(durable_sessions) as bigint) as durable_7d_sessions,
        cast(sum(returned_sessions) as bigint) as returned_sessions,
        max(followed_us) = 604800000000 as is_followed_7d,
        max(case when returned_sessions = at_risk_sessions then 1 else 0 end) = 1 as is_nobody_left,
        -- Sums of decimals, so that the order of the rows does not matter.
        sum(
            case
                when returned_sessions < at_risk_sessions
                    then cast(ln(1 - cast(returned_sessions as double) / at_risk_sessions) as decimal(38, 18))
            end
        ) as log_of_estimate,
        sum(
            case
                when returned_sessions < at_risk_sessions
                    then cast(
                        cast(returned_sessions as double) / at_risk_sessions / (at_risk_sessions - returned_sessions)
                        as decimal(38, 18)
                    )
            end
        ) as relative_variance
    from {{ ref('int_durable_times') }}
    group by period_kind, period_start_date, dimension, dimension_value
),

-- If no session is followed to the end, nobody knows the last days, unless nobody is left before.
estimate_added as (
    select
        *,
        case
            when is_nobody_left then 0e0
            when is_followed_7d then exp(cast(log_of_estimate as double))
        end as estimate
    from summed
),

final as (
    select
        period_kind,
        period_start_date,
        dimension,
        dimension_value,
        contained_sessions,
        matured_7d_sessions,
        durable_7d_sessions,
        {{ ratio('durable_7d_sessions', 'matured_7d_sessions') }} as durable_containment_rate_7d,
        returned_sessions,
        round(estimate, 9) as durable_containment_7d_estimate,
        round(estimate * sqrt(cast(coalesce(relative_variance, 0) as double)), 9)
            as durable_containment_7d_standard_error
    from estimate_added
)

select * from final
