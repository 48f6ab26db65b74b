select
    claim_id,
    conversation_id,
    outcome,
    claimed_at,
    amount,
    currency,
    loaded_at
from {{ source('files', 'files_claims') }}
