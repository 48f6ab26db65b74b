select
    date_trunc('week', started_date) as week,
    sum(contained_sessions) / sum(closed_sessions) as containment_rate
from {{ ref('containment', 'containment_daily') }}
group by week
