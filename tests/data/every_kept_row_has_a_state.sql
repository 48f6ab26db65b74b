-- Every kept row belongs to a conversation with a finished state: no row is left of one that has vanished, and no
-- conversation is unfinished.
with

kept_rows as (
    select
        source,
        conversation_id
    from {{ ref('int_kept_conversations') }}
    union all
    select
        source,
        conversation_id
    from {{ ref('int_kept_segments') }}
    union all
    select
        source,
        conversation_id
    from {{ ref('int_kept_messages') }}
    union all
    select
        source,
        conversation_id
    from {{ ref('int_kept_rejected_rows') }}
    union all
    select
        source,
        conversation_id
    from {{ ref('int_kept_findings') }}
    union all
    select
        source,
        conversation_id
    from {{ ref('int_kept_timeouts') }}
),

judged_rows as (
    select * from kept_rows
    where {{ is_judged('kept_rows') }}
)

select
    judged_rows.source,
    judged_rows.conversation_id
from judged_rows
left join {{ ref('int_kept_states') }} as states
    on
        judged_rows.source = states.source
        and judged_rows.conversation_id = states.conversation_id
where states.source is null or states.unfinished_reason is not null
