with

-- A session has a first bot and a last bot, which is the one at its escalation. Usually they are the same.
counted as (
    select
        source,
        coalesce(bot_id, 'none') as first_bot_id,
        coalesce(last_bot_id, 'none') as last_bot_id,
        count(is_contained) as closed_sessions,
        count(case when outcome = 'open' then 1 end) as open_sessions,
        count(case when is_contained then 1 end) as contained_sessions,
        count(case when outcome = 'escalated' then 1 end) as escalated_sessions,
        count(case when is_contained and is_bot_involved and not is_human_involved then 1 end) as automated_sessions,
        count(case when is_contained and is_recontacted_7d is not null then 1 end) as matured_7d_sessions,
        count(case when is_contained and not is_recontacted_7d then 1 end) as durable_7d_sessions,
        count(case when is_contained and is_recontacted_7d is not null then customer_id end)
            as known_customer_7d_sessions
    from {{ ref('sessions') }}
    group by source, coalesce(bot_id, 'none'), coalesce(last_bot_id, 'none')
),

in_both_roles as (
    select
        source,
        first_bot_id as bot_id,
        closed_sessions,
        open_sessions,
        contained_sessions,
        escalated_sessions,
        automated_sessions,
        matured_7d_sessions,
        durable_7d_sessions,
        known_customer_7d_sessions,
        case when first_bot_id <> last_bot_id then closed_sessions else 0 end as passed_on_sessions,
        0 as last_bot_closed_sessions,
        0 as last_bot_escalated_sessions
    from counted
    union all
    select
        source,
        last_bot_id as bot_id,
        0 as closed_sessions,
        0 as open_sessions,
        0 as contained_sessions,
        0 as escalated_sessions,
        0 as automated_sessions,
        0 as matured_7d_sessions,
        0 as durable_7d_sessions,
        0 as known_customer_7d_sessions,
        0 as passed_on_sessions,
        closed_sessions as last_bot_closed_sessions,
        escalated_sessions as last_bot_escalated_sessions
    from counted
),

summed as (
    select
        source,
        bot_id,
        cast(sum(closed_sessions) as bigint) as closed_sessions,
        cast(sum(open_sessions) as bigint) as open_sessions,
        cast(sum(contained_sessions) as bigint) as contained_sessions,
        cast(sum(escalated_sessions) as bigint) as escalated_sessions,
        cast(sum(automated_sessions) as bigint) as automated_sessions,
        cast(sum(matured_7d_sessions) as bigint) as matured_7d_sessions,
        cast(sum(durable_7d_sessions) as bigint) as durable_7d_sessions,
        cast(sum(known_customer_7d_sessions) as bigint) as known_customer_7d_sessions,
        cast(sum(passed_on_sessions) as bigint) as passed_on_sessions,
        cast(sum(last_bot_closed_sessions) as bigint) as last_bot_closed_sessions,
        cast(sum(last_bot_escalated_sessions) as bigint) as last_bot_escalated_sessions
    from in_both_roles
    group by source, bot_id
),

final as (
    select
        *,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
        {{ ratio('automated_sessions', 'closed_sessions') }} as automation_rate,
        {{ ratio('durable_7d_sessions', 'matured_7d_sessions') }} as durable_containment_rate_7d,
        {{ ratio('known_customer_7d_sessions', 'matured_7d_sessions') }} as known_customer_rate_7d,
        {{ ratio('last_bot_escalated_sessions', 'last_bot_closed_sessions') }} as last_bot_escalation_rate
    from summed
)

select * from final
