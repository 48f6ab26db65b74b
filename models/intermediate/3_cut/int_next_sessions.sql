with

sessions as (
    select * from {{ ref('int_changed_customer_segments') }}
    where segment_kind = 'session'
),

-- Starts and ends become rows of one sequence, so the next start after an end is a running minimum and sessions need no
-- join with each other. At the same time a start comes first, because a message comes before an event.
starts_and_ends as (
    select
        source,
        customer_key,
        segment_id as session_id,
        conversation_number,
        segment_number,
        started_us as happened_us,
        0 as tie_order,
        started_us
    from sessions
    union all
    select
        source,
        customer_key,
        segment_id as session_id,
        conversation_number,
        segment_number,
        final_ended_us as happened_us,
        1 as tie_order,
        null as started_us
    from sessions
),

next_start_added as (
    select
        *,
        min(started_us) over (
            partition by source, customer_key
            order by happened_us, tie_order
            rows between 1 following and unbounded following
        ) as next_started_us
    from starts_and_ends
),

-- Every session has one row for its end, so no session is lost here.
final as (
    select
        session_id,
        conversation_number,
        segment_number,
        next_started_us
    from next_start_added
    where tie_order = 1
)

select * from final
