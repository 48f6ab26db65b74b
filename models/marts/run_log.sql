{{ config(materialized='replaced_view') }}

with

runs as (
    select * from {{ source('night', 'night_runs') }}
),

rate_added as (
    select
        *,
        {{ ratio('contained_sessions', 'closed_sessions') }} as containment_rate
    from runs
),

-- Compares published runs only, because readers have never seen the others.
previous_rate_added as (
    select
        run_id,
        lag(containment_rate) over (order by run_id) as previous_containment_rate
    from rate_added
    where outcome = 'published'
),

final as (
    select
        rate_added.run_id,
        rate_added.started_at,
        rate_added.ended_at,
        rate_added.as_of,
        rate_added.not_after,
        rate_added.rules_version,
        rate_added.sources,
        rate_added.raw_path,
        rate_added.rows_read,
        rate_added.rows_by_table,
        rate_added.rows_used_by_table,
        rate_added.conversations_cut,
        rate_added.conversations_new,
        rate_added.conversations_changed,
        rate_added.conversations_rules,
        rate_added.conversations_vanished,
        rate_added.checks,
        rate_added.closed_sessions,
        rate_added.open_sessions,
        rate_added.contained_sessions,
        rate_added.containment_rate,
        100 * (rate_added.containment_rate - previous_rate_added.previous_containment_rate) as containment_rate_change,
        rate_added.raw_check_seconds,
        rate_added.build_seconds,
        rate_added.publish_seconds,
        rate_added.total_seconds,
        rate_added.exit_code,
        rate_added.outcome,
        rate_added.message,
        rate_added.publication
    from rate_added
    left join previous_rate_added
        on rate_added.run_id = previous_rate_added.run_id
)

select * from final
