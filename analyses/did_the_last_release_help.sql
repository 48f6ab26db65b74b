-- Did the last release help, or did other customers come? Both releases are looked at for the same length of time.
-- mix_effect and rate_effect sum to the change; the verdict needs an interval on one side of 0.
select
    source,
    bot_id,
    previous_bot_release,
    bot_release,
    compared_days,
    previous_containment_rate,
    containment_rate,
    containment_rate_change,
    containment_rate_change_low,
    containment_rate_change_high,
    mix_effect,
    rate_effect,
    matched_share,
    verdict,
    needed_sessions
from {{ ref('bot_releases_compared') }}
order by release_started_at desc, source asc, bot_id asc
