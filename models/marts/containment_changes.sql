with

-- Two consecutive periods, both with closed sessions; otherwise there is no change to explain.
pairs as (
    select
        period_kind,
        period_start_date,
        previous_period_start_date,
        is_complete,
        containment_rate as headline_rate,
        previous_containment_rate as headline_previous_rate
    from {{ ref('containment_trend') }}
    where
        period_kind in ('week', 'month')
        and closed_sessions > 0
        and previous_closed_sessions > 0
),

parts as (
    select * from {{ ref('containment_by_dimension') }}
    -- Their parts would not sum to the change.
    where not has_several_values
),

-- A value may occur in only one of the two periods.
values_of_pairs as (
    select distinct
        pairs.*,
        parts.dimension,
        parts.dimension_value
    from pairs
    inner join parts
        on
            pairs.period_kind = parts.period_kind
            and parts.period_start_date in (pairs.period_start_date, pairs.previous_period_start_date)
),

sides_added as (
    select
        values_of_pairs.*,
        coalesce(current_parts.closed_sessions, 0) as closed_sessions,
        coalesce(current_parts.contained_sessions, 0) as contained_sessions,
        current_parts.containment_rate,
        current_parts.containment_rate_low,
        current_parts.containment_rate_high,
        coalesce(current_parts.share_of_sessions, 0) as share_of_sessions,
        coalesce(previous_parts.closed_sessions, 0) as previous_closed_sessions,
        coalesce(previous_parts.contained_sessions, 0) as previous_contained_sessions,
        previous_parts.containment_rate as previous_containment_rate,
        previous_parts.containment_rate_low as previous_containment_rate_low,
        previous_parts.containment_rate_high as previous_containment_rate_high,
        coalesce(previous_parts.share_of_sessions, 0) as previous_share_of_sessions
    from values_of_pairs
    left join parts as current_parts
        on
            values_of_pairs.period_kind = current_parts.period_kind
            and values_of_pairs.period_start_date = current_parts.period_start_date
            and values_of_pairs.dimension = current_parts.dimension
            and values_of_pairs.dimension_value = current_parts.dimension_value
    left join parts as previous_parts
        on
            values_of_pairs.period_kind = previous_parts.period_kind
            and values_of_pairs.previous_period_start_date = previous_parts.period_start_date
            and values_of_pairs.dimension = previous_parts.dimension
            and values_of_pairs.dimension_value = previous_parts.dimension_value
),

-- A value that is new or gone has only one rate, so its whole effect is mix.
known_rates_added as (
    select
        *,
        coalesce(containment_rate, previous_containment_rate) as known_rate,
        coalesce(previous_containment_rate, containment_rate) as known_previous_rate
    from sides_added
),

-- Both effects are weighted with the mean of the two periods, which splits their joint effect evenly. A growing share
-- counts by how far its rate lies from the headline, because growth at the headline's own rate moves nothing.
final as (
    select
        period_kind,
        period_start_date,
        previous_period_start_date,
        is_complete,
        dimension,
        dimension_value,
        closed_sessions,
        contained_sessions,
        containment_rate,
        share_of_sessions,
        previous_closed_sessions,
        previous_contained_sessions,
        previous_containment_rate,
        previous_share_of_sessions,
        100 * (containment_rate - previous_containment_rate) as containment_rate_change,
        {{ difference_bound(
            'containment_rate', 'containment_rate_low',
            'previous_containment_rate', 'previous_containment_rate_high', '-'
        ) }} as containment_rate_change_low,
        {{ difference_bound(
            'containment_rate', 'containment_rate_high',
            'previous_containment_rate', 'previous_containment_rate_low', '+'
        ) }} as containment_rate_change_high,
        100 * (share_of_sessions + previous_share_of_sessions) / 2 * (known_rate - known_previous_rate) as rate_effect,
        100 * (share_of_sessions - previous_share_of_sessions)
        * ((known_rate + known_previous_rate) / 2 - (headline_rate + headline_previous_rate) / 2) as mix_effect,
        100 * (headline_rate - headline_previous_rate) as headline_change
    from known_rates_added
)

select * from final
