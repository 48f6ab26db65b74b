with

-- Each step adds one condition to the step before it.
sessions as (
    select
        source,
        conversation_id,
        channel,
        case
            when is_contained is null then 2
            when not is_bot_involved then 3
            when not is_contained then 4
            when is_recontacted_7d is null then 5
            when is_recontacted_7d then 6
            else 7
        end as furthest_step
    from {{ ref('sessions') }}
),

-- A conversation gets as far as its furthest session.
conversations_with_sessions as (
    select
        channel,
        max(furthest_step) as furthest_step
    from sessions
    group by source, conversation_id, channel
),

-- First counts by the last step reached. These few rows are then summed over the steps, because each step includes the
-- later ones.
counted as (
    select
        channel,
        furthest_step,
        count(*) as conversation_count,
        0 as segment_count
    from conversations_with_sessions
    group by channel, furthest_step
    union all
    select
        channel,
        furthest_step,
        0 as conversation_count,
        count(*) as segment_count
    from sessions
    group by channel, furthest_step
),

steps as (
    {% for step in ['sessions', 'closed', 'bot_involved', 'contained', 'matured', 'stayed_contained'] %}
        select
            {{ loop.index + 1 }} as step_number,
            '{{ step }}' as step
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

channels as (
    select
        channel,
        count(*) as conversation_count,
        sum(segment_count) as segment_count
    from {{ ref('conversations') }}
    group by channel
),

in_steps as (
    select
        channel,
        1 as step_number,
        'conversations' as step,
        conversation_count,
        segment_count
    from channels
    union all
    select
        channels.channel,
        steps.step_number,
        steps.step,
        coalesce(sum(counted.conversation_count), 0) as conversation_count,
        coalesce(sum(counted.segment_count), 0) as segment_count
    from channels
    cross join steps
    left join counted
        on
            channels.channel = counted.channel
            and steps.step_number <= counted.furthest_step
    group by channels.channel, steps.step_number, steps.step
),

previous_added as (
    select
        *,
        lag(segment_count) over (partition by channel order by step_number) as previous_segment_count
    from in_steps
),

final as (
    select
        channel,
        step_number,
        step,
        cast(conversation_count as bigint) as conversation_count,
        cast(segment_count as bigint) as segment_count,
        {{ ratio('segment_count', 'previous_segment_count') }} as share_of_previous_step
    from previous_added
)

select * from final
