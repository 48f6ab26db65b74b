select
    concat(conversation_id, ' at ', cast(changed_at as varchar)) as claim_id,
    conversation_id,
    status as outcome,
    changed_at as claimed_at,
    cast(null as varchar) as amount,
    cast(null as varchar) as currency,
    loaded_at
from {{ ref('stg_reamaze__status_changes') }}
where status = 'chatbot_resolved'
