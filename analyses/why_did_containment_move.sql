-- Why did containment move? The last finished week against the one before: what each channel, brand, bot and topic
-- added to the change, in points of the headline. Along one dimension all effects add up to `headline_change`.
-- rate_effect: it got better or worse; mix_effect: its share of the sessions grew or shrank. For months: 'month'.
-- An interval of the change of its own rate that spans 0 may be chance.
select
    changes.period_start_date,
    changes.headline_change,
    trend.containment_rate_change_low as headline_change_low,
    trend.containment_rate_change_high as headline_change_high,
    changes.dimension,
    changes.dimension_value,
    changes.rate_effect + changes.mix_effect as effect,
    changes.rate_effect,
    changes.mix_effect,
    changes.previous_containment_rate,
    changes.containment_rate,
    changes.containment_rate_change_low,
    changes.containment_rate_change_high,
    changes.previous_closed_sessions,
    changes.closed_sessions
from {{ ref('containment_changes') }} as changes
inner join {{ ref('containment_trend') }} as trend
    on
        changes.period_kind = trend.period_kind
        and changes.period_start_date = trend.period_start_date
where
    changes.period_kind = 'week'
    and changes.period_start_date = (
        select max(weeks.period_start_date)
        from {{ ref('containment_changes') }} as weeks
        where weeks.period_kind = 'week' and weeks.is_complete
    )
order by changes.dimension asc, abs(changes.rate_effect + changes.mix_effect) desc
