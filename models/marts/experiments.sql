with

-- Where only the conversation names arms, and several, the session belongs to none.
arms as (
    select
        session_id,
        min(value) as variant
    from {{ ref('session_attributes') }}
    where attribute = 'variant'
    group by session_id
    having count(*) = 1
),

counted as (
    select
        sessions.source,
        arms.variant,
        count(distinct sessions.conversation_id) as conversations,
        count(sessions.is_contained) as closed_sessions,
        count(case when sessions.is_contained then 1 end) as contained_sessions,
        count(case when sessions.is_contained and sessions.is_recontacted_7d is not null then 1 end)
            as matured_7d_sessions,
        count(case when sessions.is_contained and not sessions.is_recontacted_7d then 1 end) as durable_7d_sessions
    from arms
    inner join {{ ref('sessions') }} as sessions
        on arms.session_id = sessions.session_id
    group by sessions.source, arms.variant
),

-- The arm that the others are compared with: `control`, or else the first by name.
control_added as (
    select
        *,
        first_value(variant) over (
            partition by source
            order by case when lower(variant) = 'control' then 0 else 1 end, variant
            rows between unbounded preceding and unbounded following
        ) as control_variant,
        count(*) over (partition by source) as arm_count,
        sum(conversations) over (partition by source) as all_conversations
    from counted
),

equal_share_added as (
    select
        *,
        cast(all_conversations as double) / arm_count as equal_share
    from control_added
),

rates_added as (
    select
        *,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '-') }} as containment_rate_low,
        {{ wilson_bound('contained_sessions', 'closed_sessions', '+') }} as containment_rate_high,
        (conversations - equal_share) * (conversations - equal_share) / equal_share as share_deviation
    from equal_share_added
),

compared as (
    select
        arms.*,
        control.containment_rate as control_containment_rate,
        control.containment_rate_low as control_containment_rate_low,
        control.containment_rate_high as control_containment_rate_high
    from rates_added as arms
    inner join rates_added as control
        on
            arms.source = control.source
            and arms.control_variant = control.variant
),

sums_added as (
    select
        *,
        variant = control_variant as is_control,
        control_containment_rate + {{ var('experiment_effect') }}e0 / 100 as stated_rate,
        sum(share_deviation) over (partition by source) as chi_square
    from compared
),

final as (
    select
        source,
        variant,
        control_variant,
        is_control,
        conversations,
        closed_sessions,
        contained_sessions,
        containment_rate,
        containment_rate_low,
        containment_rate_high,
        case when not is_control then 100 * (containment_rate - control_containment_rate) end
            as containment_rate_difference,
        case
            when not is_control
                then {{ difference_bound(
                    'containment_rate', 'containment_rate_low',
                    'control_containment_rate', 'control_containment_rate_high', '-'
                ) }}
        end as containment_rate_difference_low,
        case
            when not is_control
                then {{ difference_bound(
                    'containment_rate', 'containment_rate_high',
                    'control_containment_rate', 'control_containment_rate_low', '+'
                ) }}
        end as containment_rate_difference_high,
        {{ var('experiment_effect') }}e0 as stated_effect,
        case
            when stated_rate <= 1
                then cast({{ needed_sessions('control_containment_rate', 'stated_rate') }} as bigint)
        end as needed_sessions,
        matured_7d_sessions,
        durable_7d_sessions,
        {{ ratio('durable_7d_sessions', 'matured_7d_sessions') }} as durable_containment_rate_7d,
        {{ ratio('conversations', 'all_conversations') }} as share_of_conversations,
        -- Further from equal shares than one experiment in a thousand is by chance (approximated as by Wilson and
        -- Hilferty).
        arm_count > 1
        and chi_square > (arm_count - 1) * power(
            1 - 2 / (9e0 * (arm_count - 1)) + 3.090232306167813e0 * sqrt(2 / (9e0 * (arm_count - 1))), 3
        ) as is_sample_ratio_off
    from sums_added
)

select * from final
