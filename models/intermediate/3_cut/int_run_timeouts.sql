{{ config(materialized='view') }}

with

whole_conversations as (
    select
        conversations.conversation_number,
        conversations.exclusion_reason,
        sum(segments.bot_message_count) > 0 as has_bot,
        count(segments.first_escalated_us) > 0 as is_escalated
    from {{ ref('int_conversations') }} as conversations
    inner join {{ ref('int_segments') }} as segments
        on conversations.conversation_number = segments.conversation_number
    group by conversations.conversation_number, conversations.exclusion_reason
),

-- Rule 7: the others have no session at any timeout.
conversations_that_count as (
    select conversation_number from whole_conversations
    where has_bot and not {{ is_excluded('exclusion_reason', 'is_escalated') }}
),

runs as (
    select runs.*
    from {{ ref('int_runs') }} as runs
    inner join conversations_that_count
        on runs.conversation_number = conversations_that_count.conversation_number
),

-- Terminal events cut at every timeout: the runs between two of them are a stretch, and how many are left numbers it.
neighbours_added as (
    select
        *,
        lag(last_terminal) over in_order as previous_terminal,
        case
            when lag(last_terminal) over in_order = 'none' then exceeded_timeouts
            else {{ every_timeout() }}
        end as cut_timeouts,
        max(last_resolved_us) over before_it as previous_resolved_us,
        count(case when has_customer then 1 end) over from_here as customers_from_here,
        count(case when has_bot then 1 end) over from_here as bots_from_here,
        count(case when has_answer then 1 end) over from_here as answers_from_here,
        count(case when last_terminal <> 'none' then 1 end) over from_here as ends_from_here
    from runs
    window
        in_order as (partition by conversation_number order by run_number),
        before_it as (
            partition by conversation_number
            order by run_number
            rows between unbounded preceding and 1 preceding
        ),
        from_here as (
            partition by conversation_number
            order by run_number
            rows between current row and unbounded following
        )
),

lacks_added as (
    select
        *,
        {{ timeouts_before_next('has_customer', 'customers_from_here') }} as without_customer_timeouts,
        {{ timeouts_before_next('has_bot', 'bots_from_here') }} as without_bot_timeouts,
        {{ timeouts_before_next('has_answer', 'answers_from_here') }} as without_answer_timeouts
    from neighbours_added
    window after_it as (
        partition by conversation_number
        order by run_number
        rows between 1 following and unbounded following
    )
),

-- Rule 7's handoff ends with the first segment that starts by inactivity with a bot message in it.
stretch_added as (
    select
        *,
        max(case when previous_terminal = 'escalated' then 1 else 0 end) over so_far = 1 as is_after_escalation,
        bit_or(exceeded_timeouts - least(exceeded_timeouts, without_bot_timeouts)) over so_far as bot_back_timeouts,
        coalesce(max(cut_timeouts) over after_it, 0) as without_end_timeouts,
        max(case when is_escalated then 1 else 0 end) over from_here = 1 as is_escalated_stretch,
        max(last_activity_us) over from_here as stretch_last_activity_us
    from lacks_added
    window
        so_far as (
            partition by conversation_number, ends_from_here
            order by run_number
            rows between unbounded preceding and current row
        ),
        from_here as (
            partition by conversation_number, ends_from_here
            order by run_number
            rows between current row and unbounded following
        ),
        after_it as (
            partition by conversation_number, ends_from_here
            order by run_number
            rows between 1 following and unbounded following
        )
),

final as (
    select
        conversation_number,
        run_number,
        started_us,
        previous_resolved_us,
        cut_timeouts,
        without_customer_timeouts,
        without_bot_timeouts,
        without_answer_timeouts,
        without_end_timeouts,
        is_after_escalation,
        bot_back_timeouts,
        is_escalated_stretch,
        ends_from_here = 0 as is_last_stretch,
        stretch_last_activity_us
    from stretch_added
)

select * from final
