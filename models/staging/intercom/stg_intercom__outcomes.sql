-- What Intercom itself says Fin achieved in a conversation; it judges conversations, not sessions.
with

final as (
    select
        id as conversation_id,
        lower(trim(ai_agent_resolution_state)) as vendor_outcome
    from {{ source('intercom', 'conversation_history') }}
    where
        {{ boolean('_fivetran_active', 'true') }} is not false
        and trim(ai_agent_resolution_state) <> ''
)

select * from final
