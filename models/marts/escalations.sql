{{ config(materialized='replaced_view') }}

with

settings as (
    select reporting_timezone from {{ ref('int_settings') }}
),

openings as (
    select * from {{ ref('int_business_openings') }}
),

brands_with_hours as (
    select distinct brand from openings
),

-- An answer at the time of the escalation comes from the person who takes over, so nobody waited. Reads the sessions
-- apart from `final`: when both shared one CTE, `limit 1` over many rows never ended on DuckDB 2.0.
answered_sessions as (
    select
        sessions.session_id,
        sessions.first_escalated_us,
        sessions.handoff_first_agent_message_us,
        settings.reporting_timezone,
        coalesce(brands_with_hours.brand, '*') as hours_of_brand
    from {{ ref('int_kept_sessions') }} as sessions
    cross join settings
    left join brands_with_hours
        on sessions.brand = brands_with_hours.brand
    where sessions.handoff_first_agent_message_us > sessions.first_escalated_us
),

-- The wait is the working time up to the answer minus the working time up to the escalation.
ends_of_waits as (
    select
        session_id,
        hours_of_brand,
        reporting_timezone,
        first_escalated_us as happened_us,
        -1 as sign
    from answered_sessions
    union all
    select
        session_id,
        hours_of_brand,
        reporting_timezone,
        handoff_first_agent_message_us as happened_us,
        1 as sign
    from answered_sessions
),

business_waits as (
    select
        ends_of_waits.session_id,
        sum(
            ends_of_waits.sign * (
                case when openings.opening_number = 1 then openings.open_us_before else 0 end
                + greatest(least(ends_of_waits.happened_us, openings.closed_us) - openings.opened_us, 0)
            )
        ) as wait_business_us
    from ends_of_waits
    inner join openings
        on
            ends_of_waits.hours_of_brand = openings.brand
            and {{ local_date(from_epoch_us('ends_of_waits.happened_us'), 'ends_of_waits.reporting_timezone') }}
            = openings.opening_date
    group by ends_of_waits.session_id
    -- Both ends must have an opening; times far from the rest have none.
    having min(ends_of_waits.sign) < max(ends_of_waits.sign)
),

-- An escalated session never waits for a silence, so as_of does not matter.
final as (
    select
        sessions.session_id,
        sessions.source,
        sessions.conversation_id,
        sessions.brand,
        sessions.channel,
        sessions.customer_id,
        {{ from_epoch_us('sessions.started_us') }} as started_at,
        {{ local_date(from_epoch_us('sessions.started_us'), 'settings.reporting_timezone') }} as started_date,
        {{ from_epoch_us('sessions.first_escalated_us') }} as escalated_at,
        sessions.escalated_by,
        sessions.escalation_reason,
        sessions.bot_id,
        sessions.last_bot_id,
        sessions.topic,
        sessions.last_topic,
        sessions.customer_message_count,
        sessions.bot_message_count,
        sessions.agent_message_count,
        (sessions.first_escalated_us - sessions.started_us) / 1e6 as escalated_after_seconds,
        sessions.handoff_first_agent_message_us is not null as is_answered,
        {{ from_epoch_us('sessions.handoff_first_agent_message_us') }} as answered_at,
        nullif(sessions.handoff_first_agent_message_us - sessions.first_escalated_us, 0) / 1e6 as wait_seconds,
        cast(business_waits.wait_business_us as bigint) / 1e6 as wait_business_seconds,
        (sessions.handoff_last_activity_us - sessions.first_escalated_us) / 1e6 as handling_seconds
    from {{ ref('int_kept_sessions') }} as sessions
    cross join settings
    -- Left join: perhaps nobody answered.
    left join business_waits
        on sessions.session_id = business_waits.session_id
    where sessions.final_outcome = 'escalated'
)

select * from final
