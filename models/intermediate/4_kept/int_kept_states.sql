{{ config(materialized='kept') }}

-- Written last: a conversation has a state only when every table that is kept holds its cut.
-- depends_on: {{ ref('int_kept_conversations') }}
-- depends_on: {{ ref('int_kept_segments') }}
-- depends_on: {{ ref('int_kept_messages') }}
-- depends_on: {{ ref('int_kept_rejected_rows') }}
-- depends_on: {{ ref('int_kept_findings') }}
-- depends_on: {{ ref('int_kept_timeouts') }}
with

final as (
    select
        source,
        conversation_id,
        conversation_rows,
        message_rows,
        event_rows,
        rows_fingerprint,
        rules_fingerprint,
        newest_known_us,
        newest_accepted_us,
        oldest_rejected_us,
        unfinished_reason
    from {{ ref('int_cut_states') }}
)

select * from final
