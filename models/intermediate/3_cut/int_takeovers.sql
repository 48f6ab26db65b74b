{{ config(materialized='replaced_view') }}

with

-- Skips sources whose takeovers are not inferred, or are mapped to none.
inferring_conversations as (
    select
        conversations.conversation_number,
        rules.takeover_boundary
    from {{ ref('int_conversations') }} as conversations
    inner join {{ ref('int_rules') }} as rules
        on conversations.source = rules.source
    where rules.takeover_boundary in ('resolved', 'escalated')
),

-- Leaves out customers' messages: one between the bot and the person changes nothing.
answers_and_terminal_events as (
    select
        conversation_number,
        {{ epoch_us('sent_at') }} as happened_us,
        0 as tie_order,
        message_id as row_id,
        author_type as row_kind
    from {{ ref('int_deduplicated_messages') }}
    where is_public and author_type in ('bot', 'agent')
    union all
    select
        conversation_number,
        {{ epoch_us('occurred_at') }} as happened_us,
        case boundary when 'escalated' then 1 else 2 end as tie_order,
        event_id as row_id,
        boundary as row_kind
    from {{ ref('int_deduplicated_events') }}
    where boundary in ('resolved', 'escalated')
),

-- Rule 2's order.
previous_kind_added as (
    select
        rows_in_order.*,
        conversations.takeover_boundary,
        lag(rows_in_order.row_kind) over in_order as previous_kind
    from answers_and_terminal_events as rows_in_order
    inner join inferring_conversations as conversations
        on rows_in_order.conversation_number = conversations.conversation_number
    window in_order as (
        partition by rows_in_order.conversation_number
        order by rows_in_order.happened_us, rows_in_order.tie_order, rows_in_order.row_id
    )
),

-- Rule 3's takeovers.
final as (
    select
        conversation_number,
        happened_us,
        row_id as message_id,
        takeover_boundary
    from previous_kind_added
    where row_kind = 'agent' and previous_kind = 'bot'
)

select * from final
