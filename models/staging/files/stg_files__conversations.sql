select
    conversation_id,
    channel,
    brand,
    customer_id,
    created_at,
    exclusion_reason,
    loaded_at,
    {{ attributes() }} as attributes
from {{ source('files', 'files_conversations') }}
