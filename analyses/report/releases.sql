-- Each release of a bot beside the one before it; the newest first.
select
    bot_id,
    bot_release,
    containment_rate_change,
    containment_rate_change_low,
    containment_rate_change_high,
    verdict,
    previous_bot_release,
    mix_effect,
    matched_share,
    closed_sessions,
    containment_rate,
    containment_rate_low,
    containment_rate_high,
    previous_closed_sessions,
    previous_containment_rate,
    needed_sessions,
    release_started_at,
    round(compared_days, 1) as compared_days
from {{ ref('bot_releases_compared') }}
order by release_started_at desc, bot_id asc, bot_release asc
limit 20
