-- From conversations to sessions that stayed contained, over all channels.
with

summed as (
    select
        step_number,
        step,
        sum(conversation_count) as conversation_count,
        sum(segment_count) as segment_count
    from {{ ref('containment_funnel') }}
    group by step_number, step
),

previous_added as (
    select
        *,
        lag(segment_count) over (order by step_number) as previous_segment_count
    from summed
)

select
    step,
    {{ ratio('segment_count', 'previous_segment_count') }} as previous_step_share,
    segment_count,
    conversation_count
from previous_added
order by step_number
