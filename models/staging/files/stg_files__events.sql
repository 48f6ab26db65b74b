select
    event_id,
    conversation_id,
    event_type,
    occurred_at,
    actor_type,
    reason,
    loaded_at
from {{ source('files', 'files_events') }}
