select
    message_id,
    conversation_id,
    author_type,
    author_id,
    is_public,
    sent_at,
    topic,
    loaded_at,
    {{ attributes(names=message_attribute_names()) }} as attributes
from {{ source('files', 'files_messages') }}
