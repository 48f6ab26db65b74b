{{ config(materialized='replaced_view') }}

with

whole_conversations as (
    select
        conversations.conversation_number,
        conversations.exclusion_reason,
        max(segments.last_activity_us) as last_activity_us,
        sum(segments.bot_message_count) > 0 as has_bot,
        count(segments.first_escalated_us) > 0 as is_escalated
    from {{ ref('int_conversations') }} as conversations
    inner join {{ ref('int_segments') }} as segments
        on conversations.conversation_number = segments.conversation_number
    group by conversations.conversation_number, conversations.exclusion_reason
),

-- Rule 7: all other conversations have no session at any timeout.
conversations_that_count as (
    select
        conversation_number,
        last_activity_us
    from whole_conversations
    where has_bot and not {{ is_excluded('exclusion_reason', 'is_escalated') }}
),

-- Sorts the rows once.
ordered as (
    select
        islands.*,
        conversations_that_count.last_activity_us
    from {{ ref('int_islands') }} as islands
    inner join conversations_that_count
        on islands.conversation_number = conversations_that_count.conversation_number
    {{ sort_once(group='islands.conversation_number', order='islands.island_number') }}
),

island_before_added as (
    select
        *,
        row_number() over island_by_island as island_position,
        coalesce(lag(conversation_number) over island_by_island = conversation_number, false) as has_island_before,
        lag(conversation_number) over island_by_island as before_conversation_number,
        lag(island_number) over island_by_island as before_island_number,
        lag(last_terminal) over island_by_island as before_terminal,
        lag(last_resolved_us) over island_by_island as before_resolved_us
    from ordered
    window island_by_island as {{ in_order(group='conversation_number', order='island_number') }}
),

previous_added as (
    select
        *,
        case when has_island_before then before_terminal end as previous_terminal,
        case when has_island_before and before_resolved_us is not null then island_position end as resolved_position
    from island_before_added
    where
        {{ assert_in_order(
            'before_conversation_number > conversation_number or has_island_before and before_island_number >= island_number'
        ) }}
),

-- Terminal events cut at every timeout. The islands between two of them are a stretch.
cut_added as (
    select
        *,
        case when previous_terminal = 'none' then exceeded_timeouts else {{ every_timeout() }} end as cut_timeouts,
        count(case when previous_terminal = 'none' then null else 1 end) over so_far as stretch_number,
        max(case when resolved_position is not null then conversation_number end) over so_far
            as resolved_conversation_number,
        max_by(before_resolved_us, resolved_position) over so_far as previous_resolved_us
    from previous_added
    window so_far as {{ in_order('conversation_number', 'island_number', rows='rows unbounded preceding') }}
),

silence_added as (
    select
        *,
        {{ union_so_far('stretch_number', 'exceeded_timeouts') }} as silence_timeouts
    from cut_added
    window so_far as {{ in_order('conversation_number', 'island_number', rows='rows unbounded preceding') }}
),

final as (
    select
        conversation_number,
        island_number,
        last_activity_us,
        case when resolved_conversation_number = conversation_number then started_us - previous_resolved_us end
            as since_resolved_us,
        has_customer,
        has_bot,
        has_answer,
        is_escalated,
        last_terminal <> 'none' as is_terminated,
        exceeded_timeouts,
        cut_timeouts,
        coalesce(
            max(case when previous_terminal = 'escalated' then stretch_number end) over so_far = stretch_number, false
        ) as is_after_escalation,
        {{ union_so_far('stretch_number', 'case when has_bot then silence_timeouts else 0 end') }}
            as bot_after_silence_timeouts
    from silence_added
    window so_far as {{ in_order('conversation_number', 'island_number', rows='rows unbounded preceding') }}
)

select * from final
