{{ config(materialized='replaced_view') }}

with

restated_days as (
    select * from {{ ref('published_days') }}
    where restated_count > 0
),

runs as (
    select * from {{ ref('run_log') }}
),

rates_added as (
    select
        *,
        {{ ratio('first_contained_sessions', 'first_closed_sessions') }} as first_containment_rate,
        {{ ratio('previous_contained_sessions', 'previous_closed_sessions') }} as previous_containment_rate,
        {{ ratio('current_contained_sessions', 'current_closed_sessions') }} as current_containment_rate
    from restated_days
),

final as (
    select
        rates_added.started_date,
        -- Null if there is no reason. A test forbids that, because every change has a reason.
        nullif(
            concat_ws(
                ', ',
                case when rates_added.is_changed_by_late_rows then 'late_rows' end,
                case when rates_added.is_changed_by_rules then 'rules' end,
                case when rates_added.is_changed_by_time then 'time' end,
                case when rates_added.is_changed_by_unfinished_day then 'unfinished_day' end
            ),
            ''
        ) as reasons,
        rates_added.restated_count,
        rates_added.is_over_when_first_published,
        first_runs.ended_at as first_published_at,
        rates_added.first_run_id,
        rates_added.first_closed_sessions,
        rates_added.first_open_sessions,
        rates_added.first_contained_sessions,
        rates_added.first_containment_rate,
        rates_added.previous_closed_sessions,
        rates_added.previous_open_sessions,
        rates_added.previous_contained_sessions,
        rates_added.previous_containment_rate,
        last_changing_runs.ended_at as last_changed_at,
        rates_added.last_changed_run_id,
        rates_added.current_closed_sessions,
        rates_added.current_open_sessions,
        rates_added.current_contained_sessions,
        rates_added.current_containment_rate,
        100 * (rates_added.current_containment_rate - rates_added.first_containment_rate) as containment_rate_change
    from rates_added
    -- Left joins: a day stays restated even if the record of a run is lost.
    left join runs as first_runs
        on rates_added.first_run_id = first_runs.run_id
    left join runs as last_changing_runs
        on rates_added.last_changed_run_id = last_changing_runs.run_id
)

select * from final
