{{ config(materialized='view') }}

with

sessions as (
    select
        *,
        case
            when customer_id is not null then concat('customer ', customer_id)
            else concat('conversation ', conversation_id)
        end as customer_key
    from {{ ref('int_segment_outcomes') }}
    where segment_kind = 'session'
),

-- Starts and ends on one line: looking forward from an end, the next start is a running minimum, and no session is
-- compared with every other. At the same time a start comes first, for a message comes before an event.
starts_and_ends as (
    select
        source,
        customer_key,
        session_id,
        started_us as happened_us,
        0 as tie_order,
        started_us
    from sessions
    union all
    select
        source,
        customer_key,
        session_id,
        ended_us as happened_us,
        1 as tie_order,
        null as started_us
    from sessions
    where ended_us is not null
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

final as (
    select
        session_id,
        next_started_us
    from next_start_added
    where tie_order = 1
)

select * from final
