{{ config(materialized='replaced_view') }}

with

timeline as (
    select * from {{ ref('int_segmented_timeline') }}
),

summed as (
    select
        conversation_number,
        island_number,
        max(exceeded_timeouts) as exceeded_timeouts,
        min(case when is_activity then happened_us end) as started_us,
        count(case when row_kind = 'customer' then 1 end) as customer_message_count,
        count(case when row_kind = 'bot' then 1 end) as bot_message_count,
        count(case when row_kind = 'agent' then 1 end) as agent_message_count,
        max(case when row_kind = 'resolved' then happened_us end) as last_resolved_us,
        max(case when row_kind = 'escalated' then happened_us end) as last_escalated_us
    from timeline
    group by conversation_number, island_number
),

final as (
    select
        conversation_number,
        island_number,
        exceeded_timeouts,
        started_us,
        customer_message_count > 0 as has_customer,
        bot_message_count > 0 as has_bot,
        bot_message_count + agent_message_count > 0 as has_answer,
        last_escalated_us is not null as is_escalated,
        -- At the same time an escalation comes before a resolution.
        {{ one_of(
            ['none', 'resolved', 'escalated'],
            "case when last_escalated_us > coalesce(last_resolved_us, last_escalated_us - 1) then 'escalated' "
            ~ "when last_resolved_us is not null then 'resolved' else 'none' end"
        ) }} as last_terminal,
        last_resolved_us
    from summed
)

select * from final
