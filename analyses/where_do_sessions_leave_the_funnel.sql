-- Where do conversations leave on the way to a session that stays contained? All channels together.
select
    step_number,
    step,
    sum(conversation_count) as conversation_count,
    sum(segment_count) as segment_count,
    {{ ratio('sum(segment_count)', 'max(sum(segment_count)) over ()') }} as share_of_first_step
from {{ ref('containment_funnel') }}
group by step_number, step
order by step_number
