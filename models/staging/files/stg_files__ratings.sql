select
    rating_id,
    conversation_id,
    score,
    rated_at,
    max_score,
    loaded_at
from {{ source('files', 'files_ratings') }}
