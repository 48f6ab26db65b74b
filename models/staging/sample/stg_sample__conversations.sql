select
    conversation_id,
    channel,
    brand,
    customer_id,
    created_at,
    exclusion_reason,
    loaded_at,
    {{ attributes(names=var('attributes') | select('in', ['language', 'variant']) | list) }} as attributes
from {{ ref('sample_conversations') }}
