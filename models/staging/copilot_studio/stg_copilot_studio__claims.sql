-- The vendor's verdict on each of its sessions is what it counts, and bills.
select
    event_id as claim_id,
    conversation_id,
    event_type as outcome,
    occurred_at as claimed_at,
    cast(null as varchar) as amount,
    cast(null as varchar) as currency,
    loaded_at
from {{ ref('stg_copilot_studio__events') }}
where event_type like 'session\_%' escape '\'
