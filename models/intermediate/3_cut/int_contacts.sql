{{ config(materialized='replaced_view') }}

with

segments as (
    select * from {{ ref('int_segment_kinds') }}
),

-- A contact is a segment together with the segments in which people handle its escalation.
contact_added as (
    select
        *,
        count(case when segment_kind = 'session' then 1 end) over so_far as sessions_so_far,
        count(case when not is_after_escalation then 1 end) over so_far as contact_number
    from segments
    window so_far as (
        partition by conversation_number
        order by segment_number
        rows between unbounded preceding and current row
    )
),

handling_added as (
    select
        *,
        max(case when segment_kind = 'session' and not is_after_escalation then segment_number end)
            over contact as contact_session_segment_number,
        min(first_agent_message_us) over later_in_contact as handoff_first_agent_message_us,
        max(last_activity_us) over later_in_contact as handoff_last_activity_us
    from contact_added
    window
        contact as (partition by conversation_number, contact_number),
        later_in_contact as (
            partition by conversation_number, contact_number
            order by segment_number
            rows between 1 following and unbounded following
        )
),

final as (
    select
        conversation_number,
        segment_number,
        segment_kind,
        case when segment_kind = 'session' then cast(sessions_so_far as integer) end as session_number,
        case
            when segment_kind = 'session' then segment_number
            when segment_kind = 'handoff' then contact_session_segment_number
        end as session_segment_number,
        handoff_first_agent_message_us,
        handoff_last_activity_us,
        has_later_segment
    from handling_added
)

select * from final
