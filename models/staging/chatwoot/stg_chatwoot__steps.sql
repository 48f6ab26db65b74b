with

-- A row may have been loaded in several versions, but makes one step: its kind and time never change in Chatwoot.
steps as (
    select
        message_id,
        cast(null as varchar) as event_id,
        conversation_id,
        author_type as step,
        0 as step_order,
        {{ utc_timestamp('sent_at') }} as happened_at
    from {{ ref('stg_chatwoot__messages') }}
    where {{ boolean('is_public', 'true') }} and author_type in ('customer', 'bot')

    union

    select
        cast(null as varchar) as message_id,
        {{ chatwoot_number('id') }} as event_id,
        cast(conversation_id as varchar) as conversation_id,
        case when name = 'conversation_resolved' then 'resolved' else 'opened' end as step,
        1 as step_order,
        coalesce({{ utc_timestamp('event_end_time') }}, {{ utc_timestamp('created_at') }}) as happened_at
    from {{ source('chatwoot', 'chatwoot_reporting_events') }}
    where
        name in (
            'conversation_resolved', 'conversation_opened', 'conversation_bot_handoff',
            'conversation_captain_inference_handoff'
        )
),

-- Chatwoot's own order: within a second, messages come before what they lead to, each by id.
numbered_steps as (
    select
        *,
        row_number() over (
            partition by conversation_id
            order by happened_at, step_order, message_id, event_id
        ) as step_number
    from steps
),

last_steps_before as (
    select
        *,
        max(case when step = 'resolved' then step_number end) over before as resolved_number,
        max(case when step = 'opened' then step_number end) over before as opened_number,
        max(case when step = 'customer' then step_number end) over before as customer_number,
        max(case when step = 'bot' then step_number end) over before as bot_number
    from numbered_steps
    window before as (
        partition by conversation_id
        order by step_number
        rows between unbounded preceding and 1 preceding
    )
),

final as (
    select
        message_id,
        event_id,
        conversation_id,
        step,
        happened_at,
        resolved_number is null and opened_number is null as is_first_status,
        coalesce(resolved_number > coalesce(opened_number, 0), false) as is_after_resolution,
        coalesce(customer_number > greatest(coalesce(resolved_number, 0), coalesce(opened_number, 0)), false)
            as is_customer_since,
        coalesce(bot_number > greatest(coalesce(resolved_number, 0), coalesce(opened_number, 0)), false)
            as is_bot_since
    from last_steps_before
)

select * from final
