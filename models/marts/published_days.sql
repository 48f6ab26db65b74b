-- The published figures of each day: first, before the last change, and now. Continues the earlier nights' rows with
-- tonight's figures. After publishing, the nightly run keeps this table for the next night.
{{ config(materialized='replaced_table') }}

with

earlier_days as (
    select * from {{ source('night', 'night_published_days') }}
),

settings as (
    select * from {{ ref('settings') }}
),

runs as (
    select * from {{ source('night', 'night_runs') }}
),

-- The nightly run records itself before the build. Until the next run, it is the newest that got that far.
tonights_run as (
    select max(run_id) as run_id
    from runs
    where outcome in ('running', 'published')
),

last_published_run as (
    select max(runs.run_id) as run_id
    from runs
    inner join tonights_run
        on runs.run_id < tonights_run.run_id
    where runs.outcome = 'published'
),

-- One row. If nothing was published before, the comparisons are null and count as no change.
tonight as (
    select
        tonights_run.run_id,
        {{ local_date('settings.as_of', 'settings.reporting_timezone') }} as as_of_date,
        {{ local_date('runs.as_of', 'settings.reporting_timezone') }} as last_as_of_date,
        coalesce(
            runs.rules_version <> cast(settings.rules_version as {{ dbt.type_string() }})
            or runs.sources <> settings.sources,
            false
        ) as is_rules_changed
    from settings
    cross join tonights_run
    cross join last_published_run
    left join runs
        on last_published_run.run_id = runs.run_id
),

current_days as (
    select
        started_date,
        cast(sum(closed_sessions) as bigint) as closed_sessions,
        cast(sum(open_sessions) as bigint) as open_sessions,
        cast(sum(contained_sessions) as bigint) as contained_sessions
    from {{ ref('containment_daily') }}
    group by started_date
),

-- Includes the nights since the last publication.
changed_conversations as (
    select
        source,
        conversation_id,
        change_reason
    from {{ ref('int_changed_conversations') }}
    union all
    select
        source,
        conversation_id,
        change_reason
    from {{ source('night', 'night_unpublished_changes') }}
),

-- Does not find conversations that vanished or whose sessions left the day; see row_reason_added.
changes_of_days as (
    select
        sessions.started_date,
        count(case when changed_conversations.change_reason <> 'rules' then 1 end) > 0 as has_changed_rows,
        count(case when changed_conversations.change_reason = 'rules' then 1 end) > 0 as has_changed_rules
    from changed_conversations
    inner join {{ ref('sessions') }} as sessions
        on
            changed_conversations.source = sessions.source
            and changed_conversations.conversation_id = sessions.conversation_id
    group by sessions.started_date
),

-- Full join: a day that lost all its sessions stays a published day.
figures_beside_each_other as (
    select
        earlier_days.first_run_id,
        earlier_days.is_over_when_first_published,
        earlier_days.first_closed_sessions,
        earlier_days.first_open_sessions,
        earlier_days.first_contained_sessions,
        earlier_days.previous_closed_sessions,
        earlier_days.previous_open_sessions,
        earlier_days.previous_contained_sessions,
        earlier_days.current_closed_sessions as last_closed_sessions,
        earlier_days.current_open_sessions as last_open_sessions,
        earlier_days.current_contained_sessions as last_contained_sessions,
        earlier_days.restated_count,
        earlier_days.last_changed_run_id,
        earlier_days.is_changed_by_late_rows,
        earlier_days.is_changed_by_rules,
        earlier_days.is_changed_by_time,
        earlier_days.is_changed_by_unfinished_day,
        earlier_days.started_date is not null as is_published_before,
        coalesce(current_days.started_date, earlier_days.started_date) as started_date,
        coalesce(current_days.closed_sessions, 0) as closed_sessions,
        coalesce(current_days.open_sessions, 0) as open_sessions,
        coalesce(current_days.contained_sessions, 0) as contained_sessions
    from earlier_days
    full outer join current_days
        on earlier_days.started_date = current_days.started_date
),

changes_added as (
    select
        beside.*,
        tonight.run_id,
        tonight.as_of_date,
        beside.closed_sessions - beside.last_closed_sessions as more_closed,
        beside.open_sessions - beside.last_open_sessions as more_open,
        beside.contained_sessions - beside.last_contained_sessions as more_contained,
        coalesce(tonight.last_as_of_date <= beside.started_date, false) as is_unfinished_day,
        coalesce(changes_of_days.has_changed_rows, false) as has_changed_rows,
        -- If a rule moved all sessions out of a day, only the changed rules show it.
        coalesce(changes_of_days.has_changed_rules, tonight.is_rules_changed) as has_changed_rules
    from figures_beside_each_other as beside
    cross join tonight
    left join changes_of_days
        on beside.started_date = changes_of_days.started_date
),

restatements_marked as (
    select
        *,
        is_published_before and (more_closed <> 0 or more_open <> 0 or more_contained <> 0) as is_restated,
        more_closed = -more_open as is_total_unchanged,
        -- The sessions are the same, but some have closed since: by silence, or by a row that came in time.
        more_closed > 0
        and more_closed = -more_open
        and more_contained between 0 and more_closed as is_only_closing
    from changes_added
),

-- has_changed_rows misses rows that left the day. They are the remaining cause if the total moved without a changed
-- rule.
row_reason_added as (
    select
        *,
        is_restated
        and not is_only_closing
        and (has_changed_rows or not (has_changed_rules or is_total_unchanged)) as is_by_rows
    from restatements_marked
),

reasons_added as (
    select
        *,
        is_by_rows and not is_unfinished_day as is_by_late_rows,
        is_by_rows and is_unfinished_day as is_by_unfinished_day,
        is_restated and has_changed_rules as is_by_rules,
        is_restated and (is_only_closing or not (is_by_rows or has_changed_rules)) as is_by_time
    from row_reason_added
),

final as (
    select
        started_date,
        coalesce(first_run_id, run_id) as first_run_id,
        coalesce(is_over_when_first_published, as_of_date > started_date) as is_over_when_first_published,
        coalesce(first_closed_sessions, closed_sessions) as first_closed_sessions,
        coalesce(first_open_sessions, open_sessions) as first_open_sessions,
        coalesce(first_contained_sessions, contained_sessions) as first_contained_sessions,
        case when is_restated then last_closed_sessions else previous_closed_sessions end as previous_closed_sessions,
        case when is_restated then last_open_sessions else previous_open_sessions end as previous_open_sessions,
        case
            when is_restated then last_contained_sessions
            else previous_contained_sessions
        end as previous_contained_sessions,
        closed_sessions as current_closed_sessions,
        open_sessions as current_open_sessions,
        contained_sessions as current_contained_sessions,
        coalesce(restated_count, 0) + case when is_restated then 1 else 0 end as restated_count,
        case when is_restated then run_id else last_changed_run_id end as last_changed_run_id,
        coalesce(is_changed_by_late_rows, false) or is_by_late_rows as is_changed_by_late_rows,
        coalesce(is_changed_by_rules, false) or is_by_rules as is_changed_by_rules,
        coalesce(is_changed_by_time, false) or is_by_time as is_changed_by_time,
        coalesce(is_changed_by_unfinished_day, false) or is_by_unfinished_day as is_changed_by_unfinished_day
    from reasons_added
)

select * from final
