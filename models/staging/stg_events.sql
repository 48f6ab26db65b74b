with

-- All sources, with their columns cast in one place. An unreadable value becomes null; a column beside it holds its
-- text.
cast_rows as (
    {% for source in var('sources') %}
        {{ 'union all' if not loop.first }}
        select
            '{{ source }}' as source,
            {{ id_text('event_id') }} as event_id,
            {{ id_text('conversation_id') }} as conversation_id,
            {{ keyword('event_type') }} as event_type,
            case
                when {{ keyword('actor_type') }} in ('customer', 'bot', 'agent', 'system')
                    then {{ keyword('actor_type') }}
            end as actor_type,
            {{ utc_timestamp('occurred_at') }} as occurred_at,
            {{ text('reason') }} as reason,
            {{ utc_timestamp('loaded_at') }} as loaded_at,
            {{ unreadable_time('occurred_at') }} as unreadable_occurred_at,
            {{ unreadable_time('loaded_at') }} as unreadable_loaded_at,
            {{ id_finding(['event_id', 'conversation_id']) }} as id_finding,
            -- The hash covers the columns as they came: every change of the raw row changes it.
            {{ row_hash([
                'event_id', 'conversation_id', 'event_type', 'occurred_at', 'actor_type', 'reason', 'loaded_at'
            ]) }} as row_hash
        from {{ ref('stg_' ~ source ~ '__events') }}
    {% endfor %}
),

-- An unusable row gets a reason, the first that applies.
judged_rows as (
    select
        *,
        case
            when event_id is null or conversation_id is null then 'missing_id'
            when id_finding = 'inexact_id' then 'inexact_id'
            when occurred_at is null and unreadable_occurred_at is null then 'missing_time'
            when occurred_at is null then 'unreadable_time'
            when event_type is null then 'missing_event_type'
            when {{ epoch_us('greatest(occurred_at, loaded_at)') }} > {{ last_usable_us() }} then 'time_in_future'
            when {{ epoch_us('occurred_at') }} - {{ epoch_us('loaded_at') }} > 86400000000 then 'time_after_load'
        end as reject_reason
    from cast_rows
),

final as (
    select * from judged_rows
)

select * from final
