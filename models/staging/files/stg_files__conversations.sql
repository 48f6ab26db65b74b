select
    conversation_id,
    channel,
    brand,
    customer_id,
    created_at,
    exclusion_reason,
    loaded_at
from {{ source('files', 'files_conversations') }}
