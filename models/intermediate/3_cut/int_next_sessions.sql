with

sessions as (
    select * from {{ ref('int_customer_sessions') }}
),

-- Of a conversation without a finished state the earlier cut counts no more: it is cut tonight, or has vanished.
sessions_that_stay as (
    select sessions.*
    from sessions
    inner join {{ ref('int_changed_customers') }} as changed_customers
        on
            sessions.source = changed_customers.source
            and sessions.customer_key = changed_customers.customer_key
    inner join {{ source('earlier_nights', 'int_kept_states') }} as states
        on
            sessions.source = states.source
            and sessions.conversation_id = states.conversation_id
    where
        sessions.conversation_number is null
        and states.unfinished_reason is null
),

sessions_that_count as (
    select * from sessions
    where conversation_number is not null
    union all
    select * from sessions_that_stay
),

-- Starts and ends on one line: looking forward from an end, the next start is a running minimum, and no session is
-- compared with every other. At the same time a start comes first, for a message comes before an event.
starts_and_ends as (
    select
        source,
        customer_key,
        session_id,
        conversation_number,
        segment_number,
        started_us as happened_us,
        0 as tie_order,
        started_us
    from sessions_that_count
    union all
    select
        source,
        customer_key,
        session_id,
        conversation_number,
        segment_number,
        final_ended_us as happened_us,
        1 as tie_order,
        null as started_us
    from sessions_that_count
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

-- An end has a row for each session, so nothing gets lost here.
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
