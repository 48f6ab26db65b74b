select
    activity_id as rating_id,
    conversation_id,
    score,
    happened_at as rated_at,
    5 as max_score,
    loaded_at
from {{ ref('stg_copilot_studio__activities') }}
where value_type = 'CSATSurveyResponse'
