-- How much does the rate depend on the choice of a timeout? The spread of each channel's rate over the compared
-- timeouts, and of the headline (`*`, is_every_channel), in points.
select
    channel,
    is_every_channel,
    min(closed_sessions) as fewest_closed_sessions,
    max(closed_sessions) as most_closed_sessions,
    min_by(timeout_minutes, containment_rate) as timeout_of_lowest_rate,
    min(containment_rate) as lowest_containment_rate,
    max_by(timeout_minutes, containment_rate) as timeout_of_highest_rate,
    max(containment_rate) as highest_containment_rate,
    100 * (max(containment_rate) - min(containment_rate)) as spread
from {{ ref('timeout_sensitivity') }}
group by channel, is_every_channel
order by spread desc
