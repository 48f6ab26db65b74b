select
    message_id,
    conversation_id,
    author_type,
    author_id,
    is_public,
    sent_at,
    topic,
    loaded_at,
    {{ attributes(names=['bot_version']) }} as attributes
from {{ ref('sample_messages') }}
