-- Why is last Tuesday different today? Its first and its current published figures, and the reasons for the change. For
-- another day, replace the inner query with its date. `restatements` has the rates and times of every such day.
select
    published_days.started_date,
    published_days.restated_count,
    restatements.reasons,
    published_days.first_contained_sessions,
    published_days.first_closed_sessions,
    published_days.current_contained_sessions,
    published_days.current_closed_sessions,
    restatements.containment_rate_change,
    published_days.is_over_when_first_published,
    restatements.first_published_at,
    restatements.last_changed_at,
    run_log.conversations_changed as conversations_changed_that_night,
    run_log.rules_version as rules_version_of_that_night
from {{ ref('published_days') }} as published_days
left join {{ ref('restatements') }} as restatements
    on published_days.started_date = restatements.started_date
left join {{ ref('run_log') }} as run_log
    on published_days.last_changed_run_id = run_log.run_id
where
    published_days.started_date = (
        select max(dates.calendar_date)
        from {{ ref('dates') }} as dates
        where dates.iso_weekday = 2 and dates.is_complete
    )
