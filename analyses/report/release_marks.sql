-- When each release of a bot began to answer, for the marks on the chart over time.
select
    cast(release_started_at as date) as started_date,
    bot_id as bot,
    bot_release
from {{ ref('bot_releases_compared') }}
order by started_date asc, bot asc, bot_release asc
