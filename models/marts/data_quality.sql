with

settings as (
    select * from {{ ref('settings') }}
),

counts as (
    select * from {{ ref('int_source_counts') }}
),

reconciled as (
    select * from {{ ref('row_reconciliation') }}
),

daily as (
    select
        started_date,
        source,
        closed_sessions,
        contained_sessions,
        escalated_sessions
    from {{ ref('containment_daily') }}
),

-- Rows of a source that is not on have no source here to be counted for.
identities as (
    select
        coalesce(counts.source, 'identities') as source,
        counts.source is null as is_source_unknown,
        identities.has_several_persons
    from {{ ref('int_identities') }} as identities
    left join counts
        on identities.source = counts.source
    where identities.is_used
),

identity_findings as (
    select
        source,
        case
            when is_source_unknown then 'identities_of_unknown_source'
            else 'customers_of_several_persons'
        end as finding,
        count(*) as row_count
    from identities
    where is_source_unknown or has_several_persons
    group by source, is_source_unknown
),

-- The findings that were counted row by row.
found_rows as (
    select
        source,
        finding,
        row_count
    from {{ ref('int_kept_findings') }}
    union all
    select
        source,
        finding,
        row_count
    from {{ ref('int_rating_findings') }}
    union all
    select
        source,
        finding,
        row_count
    from {{ ref('int_claim_findings') }}
    union all
    select
        source,
        finding,
        row_count
    from {{ ref('int_session_findings') }}
    union all
    select
        source,
        finding,
        row_count
    from identity_findings
    union all
    select
        source,
        finding,
        row_count
    from {{ source('night', 'night_raw_findings') }}
    union all
    select
        source,
        case reason when 'time_in_future' then 'rows_from_the_future' else 'unreadable_transcripts' end as finding,
        count(*) as row_count
    from {{ ref('rejected_rows') }}
    where reason in ('time_in_future', 'unreadable_content')
    group by source, reason
),

summed as (
    select
        source,
        finding,
        sum(row_count) as row_count
    from found_rows
    group by source, finding
),

offset_times as (
    select
        source,
        sum(row_count) as time_count
    from summed
    where finding in ('times_with_offset', 'times_without_offset')
    group by source
),

base_added as (
    select
        summed.source,
        summed.finding,
        summed.row_count,
        case
            when summed.finding in ('internal_notes', 'system_messages') then counts.message_count
            when summed.finding = 'events_of_unmapped_type' then counts.event_count
            when summed.finding = 'terminal_events_before_first_activity' then counts.terminal_event_count
            when summed.finding = 'contained_sessions_with_a_persons_message' then counts.contained_session_count
            when summed.finding like 'conversations%' then counts.conversation_count
            when summed.finding like 'ratings%' then counts.rating_count
            when summed.finding like 'claims%' then counts.claim_count
            when summed.finding in ('customers_of_several_persons', 'identities_of_unknown_source')
                then (select count(*) from identities)
            -- These findings count values in the raw tables. There may be more of them than rows.
            when summed.finding in ('times_with_offset', 'times_without_offset') then offset_times.time_count
            else counts.row_count
        end as base_count
    from summed
    left join counts
        on summed.source = counts.source
    left join offset_times
        on summed.source = offset_times.source
),

-- Some times have an offset and others have none, so one of the two groups is probably hours off.
mixed_offsets as (
    select
        source,
        'mixed_offsets' as finding,
        least(
            sum(case when finding = 'times_with_offset' then row_count else 0 end),
            sum(case when finding = 'times_without_offset' then row_count else 0 end)
        ) as row_count,
        sum(row_count) as base_count
    from summed
    where finding in ('times_with_offset', 'times_without_offset')
    group by source
),

-- A few rows from the future never stop a night, however small their table. Many of them suggest a wrong clock.
few_future_rows as (
    select
        source,
        table_name,
        count(*) as row_count
    from {{ ref('rejected_rows') }}
    where reason = 'time_in_future'
    group by source, table_name
    having count(*) < 20
),

unusable_rows as (
    select
        reconciled.source,
        concat('unusable_', reconciled.table_name) as finding,
        reconciled.rows_rejected - coalesce(few_future_rows.row_count, 0) as row_count,
        reconciled.rows_read as base_count
    from reconciled
    left join few_future_rows
        on
            reconciled.source = few_future_rows.source
            and reconciled.table_name = few_future_rows.table_name
),

-- The same count under a second name, so that it can warn long before it refuses. A few rows matter: without its bot
-- messages a conversation is human, and a single row may hold an escalation.
rejected_rows as (
    select
        source,
        concat('rejected_', table_name) as finding,
        rows_rejected as row_count,
        rows_read as base_count
    from reconciled
    where table_name in ('conversations', 'messages', 'events', 'claims')
),

dropped_rows as (
    select
        last_time.source,
        concat('dropped_', last_time.table_name) as finding,
        last_time.rows_used - coalesce(reconciled.rows_used, 0) as row_count,
        last_time.rows_used as base_count
    from {{ source('night', 'night_last_used_rows') }} as last_time
    left join reconciled
        on
            last_time.source = reconciled.source
            and last_time.table_name = reconciled.table_name
),

-- A source without a conversations table has no conversation rows to miss.
messages_without_conversation as (
    select
        source,
        'messages_without_conversation' as finding,
        orphan_message_count as row_count,
        message_count as base_count
    from counts
    where has_conversation_rows
),

excluded_segments as (
    select
        source,
        'excluded_segments' as finding,
        excluded_segment_count as row_count,
        segment_count as base_count
    from counts
),

sessions_far_from_the_rest as (
    select
        source,
        'sessions_far_from_the_rest' as finding,
        far_session_count as row_count,
        session_count as base_count
    from counts
),

no_events as (
    select
        counts.source,
        'no_events' as finding,
        counts.message_count as row_count,
        counts.message_count as base_count
    from counts
    inner join reconciled
        on counts.source = reconciled.source
    where reconciled.table_name = 'events' and reconciled.rows_read = 0
),

sessions_of_sources as (
    select
        source,
        sum(closed_sessions) as closed_sessions,
        sum(contained_sessions) as contained_sessions,
        sum(escalated_sessions) as escalated_sessions
    from daily
    group by source
),

-- Only sources with events. Nearly every bot escalates at least one of ten sessions.
no_escalations as (
    select
        sessions.source,
        'no_escalations' as finding,
        sessions.closed_sessions as row_count,
        sessions.closed_sessions as base_count
    from sessions_of_sources as sessions
    inner join counts
        on sessions.source = counts.source
    where counts.event_count > 0 and sessions.escalated_sessions = 0 and sessions.closed_sessions >= 10
),

every_session_contained as (
    select
        source,
        'every_session_contained' as finding,
        contained_sessions as row_count,
        closed_sessions as base_count
    from sessions_of_sources
    where contained_sessions = closed_sessions and closed_sessions >= 50
),

no_session_contained as (
    select
        source,
        'no_session_contained' as finding,
        closed_sessions as row_count,
        closed_sessions as base_count
    from sessions_of_sources
    where contained_sessions = 0 and closed_sessions >= 50
),

sample_ratio_mismatch as (
    select
        source,
        'sample_ratio_mismatch' as finding,
        sum(conversations) as row_count,
        sum(conversations) as base_count
    from {{ ref('experiments') }}
    where is_sample_ratio_off
    group by source
),

days_now as (
    select
        started_date,
        sum(closed_sessions) as closed_sessions,
        sum(contained_sessions) as contained_sessions
    from daily
    group by started_date
),

-- The days that were over and had no open session when they were last published.
days_of_then_and_now as (
    select
        sum(days_then.closed_sessions) as closed_then,
        sum(days_then.contained_sessions) as contained_then,
        sum(coalesce(days_now.closed_sessions, 0)) as closed_now,
        sum(coalesce(days_now.contained_sessions, 0)) as contained_now
    from {{ source('night', 'night_last_days') }} as days_then
    inner join settings
        on
            days_then.rules_version = settings.rules_version
            and days_then.as_of <= settings.as_of
    left join days_now
        on days_then.started_date = days_now.started_date
),

rates_of_then_and_now as (
    select
        contained_now,
        closed_now,
        abs({{ ratio('contained_now', 'closed_now') }} - {{ ratio('contained_then', 'closed_then') }}) as rate_change,
        {{ ratio('(contained_now + contained_then)', '(closed_now + closed_then)') }} as pooled_rate,
        1e0 / nullif(closed_now, 0) + 1e0 / nullif(closed_then, 0) as spread
    from days_of_then_and_now
    where closed_now >= 50 and closed_then >= 50
),

-- A change of five standard errors is more than chance.
headline_moved as (
    select
        '*' as source,
        'headline_moved' as finding,
        contained_now as row_count,
        closed_now as base_count,
        rate_change as share  -- noqa: RF04
    from rates_of_then_and_now
    where rate_change > 0 and rate_change >= 5 * sqrt(pooled_rate * (1 - pooled_rate) * spread)
),

findings as (
    select * from base_added
    union all
    select * from mixed_offsets
    union all
    select * from unusable_rows
    union all
    select * from rejected_rows
    union all
    select * from dropped_rows
    union all
    select * from messages_without_conversation
    union all
    select * from excluded_segments
    union all
    select * from sessions_far_from_the_rest
    union all
    select * from no_events
    union all
    select * from no_escalations
    union all
    select * from every_session_contained
    union all
    select * from no_session_contained
    union all
    select * from sample_ratio_mismatch
),

share_added as (
    select
        source,
        finding,
        row_count,
        base_count,
        {{ ratio('row_count', 'base_count') }} as share  -- noqa: RF04
    from findings
    where row_count > 0
    union all
    select * from headline_moved
),

limits as (
    select * from {{ ref('int_quality_limits') }}
),

-- A limit for the source wins over the limit for `*`.
limit_added as (
    select
        share_added.*,
        coalesce(own_limit.share_limit, any_limit.share_limit) as share_limit,
        coalesce(own_limit.action, any_limit.action, 'note') as action_of_limit
    from share_added
    left join limits as own_limit
        on
            share_added.source = own_limit.source
            and share_added.finding = own_limit.finding
    left join limits as any_limit
        on
            any_limit.source = '*'
            and share_added.finding = any_limit.finding
),

final as (
    select
        source,
        finding,
        cast(row_count as bigint) as row_count,
        cast(base_count as bigint) as base_count,
        share,
        share_limit as {{ adapter.quote('limit') }},  -- noqa: RF04
        case
            when
                action_of_limit = 'refuse'
                and instr(concat(' ', {{ setting('accepted_findings') }}, ','), concat(' ', finding, ',')) > 0
                then 'warn'
            else action_of_limit
        end as action,  -- noqa: RF04
        coalesce(share >= share_limit, false) as is_exceeded
    from limit_added
)

select * from final
