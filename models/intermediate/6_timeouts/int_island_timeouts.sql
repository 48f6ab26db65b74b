{{ config(materialized='replaced_view') }}

with

-- Sorts from the last island to the first, so that each row can look at what comes later in the conversation.
ordered as (
    select * from {{ ref('int_island_cuts') }}
    {{ sort_once(group='conversation_number', order='island_number desc') }}
),

island_after_added as (
    select
        *,
        coalesce(lag(conversation_number) over island_by_island = conversation_number, false) as has_island_after,
        lag(conversation_number) over island_by_island as after_conversation_number,
        lag(island_number) over island_by_island as after_island_number,
        lag(cut_timeouts) over island_by_island as after_cut_timeouts
    from ordered
    window island_by_island as {{ in_order(group='conversation_number', order='island_number desc') }}
),

-- A conversation's last segment ends with it at every timeout.
next_added as (
    select
        *,
        case when has_island_after then after_cut_timeouts else {{ every_timeout() }} end as next_cut_timeouts,
        is_terminated or not has_island_after as is_end
    from island_after_added
    where
        {{ assert_in_order(
            'after_conversation_number > conversation_number or has_island_after and after_island_number <= island_number'
        ) }}
),

-- For each property, identifies the next island that has it, this one included, by its count from the end.
counts_added as (
    select
        *,
        count(case when has_customer then 1 end) over so_far as customers_from_here,
        count(case when has_bot then 1 end) over so_far as bots_from_here,
        count(case when has_answer then 1 end) over so_far as answers_from_here,
        count(case when is_end then 1 end) over so_far as ends_from_here
    from next_added
    window so_far as {{ in_order('conversation_number', 'island_number desc', rows='rows unbounded preceding') }}
),

lacks_added as (
    select
        *,
        {{ timeouts_before_next('has_customer', 'customers_from_here') }} as without_customer_timeouts,
        {{ timeouts_before_next('has_bot', 'bots_from_here') }} as without_bot_timeouts,
        {{ timeouts_before_next('has_answer', 'answers_from_here') }} as without_answer_timeouts,
        {{ timeouts_before_next('is_end', 'ends_from_here') }} as without_end_timeouts,
        -- The end of the stretch decides both.
        coalesce(max(case when is_escalated then ends_from_here end) over so_far = ends_from_here, false)
            as is_escalated_stretch,
        coalesce(
            max(case when is_end and not is_terminated then ends_from_here end) over so_far = ends_from_here, false
        ) as is_last_stretch
    from counts_added
    window so_far as {{ in_order('conversation_number', 'island_number desc', rows='rows unbounded preceding') }}
),

final as (
    select
        conversation_number,
        island_number,
        last_activity_us,
        since_resolved_us,
        cut_timeouts,
        without_customer_timeouts,
        without_bot_timeouts,
        without_answer_timeouts,
        without_end_timeouts,
        is_after_escalation,
        -- Rule 7: a handoff ends at the first segment that starts by inactivity and has a bot message: this one or an
        -- earlier one.
        (exceeded_timeouts - least(exceeded_timeouts, without_bot_timeouts)) | bot_after_silence_timeouts
            as bot_back_timeouts,
        is_escalated_stretch,
        is_last_stretch
    from lacks_added
)

select * from final
