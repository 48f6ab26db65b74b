select
    cast(id as varchar) as rating_id,
    cast(conversation_id as varchar) as conversation_id,
    rating as score,
    created_at as rated_at,
    5 as max_score,
    coalesce({{ utc_timestamp('loaded_at') }}, {{ utc_timestamp('updated_at') }}) as loaded_at
from {{ source('chatwoot', 'chatwoot_csat_survey_responses') }}
