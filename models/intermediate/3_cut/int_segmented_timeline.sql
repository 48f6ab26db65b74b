with

timeline as (
    select * from {{ ref('int_timeline') }}
),

-- Gaps and islands: a row's segment is the number of starts so far. A terminal event has the number of the activity
-- before it, which is the segment that it belongs to.
counted as (
    select
        *,
        count(start_reason) over so_far as start_count,
        count(case when is_island_start then 1 end) over so_far as island_number,
        max(case when start_reason is not null then row_position end) over so_far as start_position,
        max(case when row_kind = 'customer' then row_position end) over so_far as last_customer_position
    from timeline
    window so_far as {{ in_order('conversation_number', 'row_position', rows='rows unbounded preceding') }}
),

-- The starts of earlier conversations, if the window counts them: the count before this conversation's first row.
earlier_starts_added as (
    select
        *,
        max(
            case when not has_row_before then start_count - case when start_reason is null then 0 else 1 end end
        ) over so_far as earlier_start_count
    from counted
    window so_far as {{ in_order('conversation_number', 'row_position', rows='rows unbounded preceding') }}
),

segment_numbered as (
    select
        *,
        start_count - earlier_start_count as segment_number
    from earlier_starts_added
),

final as (
    select
        conversation_number,
        cast(segment_number as integer) as segment_number,
        -- A segment's terminal events come after all its activities, so no row lies between two activities.
        cast(row_position - start_position + 1 as integer) as position_in_segment,
        happened_us,
        row_id,
        row_kind,
        actor,
        detail,
        -- A terminal event before the first activity does not change that activity's start reason: it stays
        -- first_contact.
        {{ one_of(
            ['first_contact', 'resolved', 'inactivity', 'escalated'],
            "case when start_reason is not null and segment_number = 1 then 'first_contact' else start_reason end"
        ) }} as start_reason,
        row_kind in ('customer', 'bot', 'agent') as is_activity,
        coalesce(last_customer_position >= start_position, false) as is_customer_heard,
        cast(island_number as integer) as island_number,
        exceeded_timeouts
    from segment_numbered
    -- Rule 3: a terminal event before the first activity belongs to nothing.
    where segment_number > 0
)

select * from final
