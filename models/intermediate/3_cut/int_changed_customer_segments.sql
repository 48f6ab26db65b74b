-- A table, because both the next session and the next contact are found in it.
with

segments as (
    select * from {{ ref('int_customer_segments') }}
),

-- If a conversation has no finished state, it is cut tonight or has vanished, so its earlier cut no longer counts.
segments_that_stay as (
    select segments.*
    from segments
    inner join {{ ref('int_changed_customers') }} as changed_customers
        on segments.customer_key = changed_customers.customer_key
    inner join {{ source('earlier_nights', 'int_kept_states') }} as states
        on
            segments.source = states.source
            and segments.conversation_id = states.conversation_id
    where
        segments.conversation_number is null
        and states.unfinished_reason is null
),

segments_that_count as (
    select * from segments
    where conversation_number is not null
    union all
    select * from segments_that_stay
),

final as (
    select
        segment_id,
        conversation_number,
        segment_number,
        session_id,
        segment_kind,
        contact_kind,
        source,
        conversation_id,
        customer_key,
        started_us,
        last_activity_us,
        final_ended_us
    from segments_that_count
)

select * from final
