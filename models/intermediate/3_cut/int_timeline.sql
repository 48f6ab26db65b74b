{{ config(materialized='replaced_view') }}
{%- set rule_2 = 'happened_us, place_order, row_id, -tie_order' %}
{%- set author_types, boundaries = ['customer', 'bot', 'agent', 'system'], ['resolved', 'escalated', 'none'] %}

with

conversations as (
    select * from {{ ref('int_conversations') }}
),

-- Rule 1: the activities.
activities as (
    select
        conversations.conversation_number,
        conversations.timeout_us,
        {{ epoch_us('messages.sent_at') }} as happened_us,
        0 as tie_order,
        messages.message_id as row_id,
        messages.author_type as row_kind,
        messages.author_id as actor,
        messages.topic as detail
    from {{ ref('int_deduplicated_messages') }} as messages
    inner join conversations
        on messages.conversation_number = conversations.conversation_number
    where
        messages.is_public
        and messages.author_type in ('customer', 'bot', 'agent')
),

-- Rule 3: only events that a row of the lookup maps to a boundary.
terminal_events as (
    select
        conversations.conversation_number,
        conversations.timeout_us,
        {{ epoch_us('events.occurred_at') }} as happened_us,
        case events.boundary when 'escalated' then 1 else 2 end as tie_order,
        events.event_id as row_id,
        events.boundary as row_kind,
        events.actor_type as actor,
        events.reason as detail
    from {{ ref('int_deduplicated_events') }} as events
    inner join conversations
        on events.conversation_number = conversations.conversation_number
    where events.boundary in ('resolved', 'escalated')
),

-- Rule 3: takeovers are added; they are not raw rows.
takeovers as (
    select
        conversations.conversation_number,
        conversations.timeout_us,
        takeovers.happened_us,
        case takeovers.takeover_boundary when 'escalated' then 1 else 2 end as tie_order,
        takeovers.message_id as row_id,
        takeovers.takeover_boundary as row_kind,
        'agent' as actor,
        cast(null as {{ dbt.type_string() }}) as detail
    from {{ ref('int_takeovers') }} as takeovers
    inner join conversations
        on takeovers.conversation_number = conversations.conversation_number
),

-- Rule 2: events come after the messages of the same time. The only exception is a takeover, which comes directly
-- before its message.
timeline as (
    select
        *,
        tie_order as place_order
    from activities
    union all
    select
        *,
        tie_order as place_order
    from terminal_events
    union all
    select
        *,
        0 as place_order
    from takeovers
),

-- Rule 2: sorts the rows once, with few columns. Everything later relies on this order.
ordered as (
    select
        conversation_number,
        timeout_us,
        happened_us,
        cast(tie_order as tinyint) as tie_order,
        cast(place_order as tinyint) as place_order,
        row_id,
        {{ one_of(author_types + boundaries, 'row_kind') }} as row_kind,
        actor,
        detail
    from timeline
    {{ sort_once(group='conversation_number', order=rule_2) }}
),

row_before_added as (
    select
        *,
        row_number() over row_by_row as row_position,
        coalesce(lag(conversation_number) over row_by_row = conversation_number, false) as has_row_before,
        lag(conversation_number) over row_by_row as row_before_conversation_number,
        lag(happened_us) over row_by_row as row_before_us,
        lag(place_order) over row_by_row as row_before_place_order,
        lag(tie_order) over row_by_row as row_before_tie_order
    from ordered
    window row_by_row as {{ in_order(group='conversation_number', order=rule_2) }}
),

previous_added as (
    select
        *,
        case when has_row_before then row_before_us end as previous_us,
        case when has_row_before then row_before_tie_order end as previous_tie_order
    from row_before_added
    where
        {{ assert_in_order(
            'row_before_conversation_number > conversation_number or has_row_before and '
            ~ '(row_before_us > happened_us or row_before_us = happened_us and row_before_place_order > place_order)'
        ) }}
),

-- Rule 4. The previous row is enough: if it is a terminal event, it is the last one since the previous activity.
start_reason_added as (
    select
        *,
        case
            when tie_order > 0 then null
            when previous_us is null then 'first_contact'
            when previous_tie_order = 2 then 'resolved'
            when happened_us - previous_us > timeout_us then 'inactivity'
            when previous_tie_order = 1 then 'escalated'
        end as start_reason
    from previous_added
),

-- For `timeout_sensitivity`: no compared timeout cuts within an island.
exceeded_timeouts_added as (
    select
        *,
        cast(case when tie_order = 0 then {{ exceeded_timeouts('happened_us - previous_us') }} end as smallint)
            as exceeded_timeouts,
        tie_order = 0
        and (
            coalesce(previous_tie_order, 1) > 0
            or happened_us - previous_us > 60000000 * {{ compared_timeouts() | first }}
        ) as is_island_start
    from start_reason_added
),

final as (
    select
        conversation_number,
        row_position,
        has_row_before,
        happened_us,
        row_id,
        row_kind,
        actor,
        detail,
        start_reason,
        exceeded_timeouts,
        is_island_start
    from exceeded_timeouts_added
)

select * from final
